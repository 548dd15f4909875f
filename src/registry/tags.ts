import { LRUCache } from 'lru-cache'
import type { KeyedLock } from '../keyed-lock.ts'
import type { Descriptor } from '../oci/descriptor.ts'
import { RegistryError } from './errors.ts'
import { tagKey, tagsFolder } from './keys.ts'
import type { BlobStore } from './store/blob-store.ts'

const CACHE_ENTRIES = 100_000

/** Tags: one small object each, the descriptor of the manifest that it points to. */
export class Tags {
  readonly #store: BlobStore
  readonly #locks: KeyedLock
  /** Never stale: it is filled and changed only by the holder of the repository's lock. */
  readonly #cache = new LRUCache<string, Descriptor>({ max: CACHE_ENTRIES })

  constructor(store: BlobStore, locks: KeyedLock) {
    this.#store = store
    this.#locks = locks
  }

  /** The manifest that a tag points to; undefined where there is no such tag. */
  async get(repository: string, tag: string): Promise<Descriptor | undefined> {
    return (
      this.#cache.get(tagKey(repository, tag)) ??
      this.#locks.run(repository, () => this.#load(repository, tag))
    )
  }

  /** The same for the holder of the repository's lock. */
  async current(repository: string, tag: string): Promise<Descriptor | undefined> {
    return this.#cache.get(tagKey(repository, tag)) ?? (await this.#load(repository, tag))
  }

  /** All tags in ASCII order. */
  async list(repository: string): Promise<string[]> {
    return (await this.#store.list(tagsFolder(repository))).map(({ name }) => name)
  }

  /** Points tags to a manifest. The caller holds the repository's lock. */
  async set(repository: string, descriptor: Descriptor, tags: readonly string[]): Promise<void> {
    const bytes = Buffer.from(JSON.stringify(descriptor))
    const writes = tags.map(async (tag) => {
      const key = tagKey(repository, tag)
      // While the write is under way, nobody knows which of the two a crash would leave.
      this.#cache.delete(key)
      await this.#store.put(key, bytes)
      this.#cache.set(key, descriptor)
    })
    // All of them, also when one fails: the lock must not be given back while others are still at work.
    const failed = (await Promise.allSettled(writes)).find(({ status }) => status === 'rejected')
    if (failed) throw (failed as PromiseRejectedResult).reason
  }

  /**
   * Removes a tag and leaves its manifest. `mayDelete` is told the digest that it points to, if it is there, and
   * throws to keep it. Throws MANIFEST_UNKNOWN.
   */
  async delete(
    repository: string,
    tag: string,
    mayDelete?: (digest: string | undefined) => Promise<void>,
  ): Promise<void> {
    await this.#locks.run(repository, async () => {
      await mayDelete?.((await this.current(repository, tag))?.digest)
      if (!(await this.#remove(repository, tag))) {
        throw new RegistryError('MANIFEST_UNKNOWN', `${repository} has no tag ${tag}`)
      }
    })
  }

  /** The tags that point to a manifest. The caller holds the repository's lock. */
  async on(repository: string, digest: string): Promise<string[]> {
    const found: string[] = []
    for (const tag of await this.list(repository)) {
      if ((await this.current(repository, tag))?.digest === digest) found.push(tag)
    }
    return found
  }

  /** Removes tags. The caller holds the repository's lock. */
  async remove(repository: string, tags: readonly string[]): Promise<void> {
    for (const tag of tags) await this.#remove(repository, tag)
  }

  async #remove(repository: string, tag: string): Promise<boolean> {
    const key = tagKey(repository, tag)
    this.#cache.delete(key)
    return this.#store.delete(key)
  }

  async #load(repository: string, tag: string): Promise<Descriptor | undefined> {
    const key = tagKey(repository, tag)
    const bytes = (await this.#store.get(key))?.bytes
    if (!bytes) return undefined
    const descriptor: Descriptor = JSON.parse(Buffer.from(bytes).toString())
    this.#cache.set(key, descriptor)
    return descriptor
  }
}
