import { mapConcurrently } from '../core/concurrency.ts'
import type { Descriptor } from '../oci/descriptor.ts'
import type { RegistryContext } from './context.ts'
import { busy, type RegistryError } from './errors.ts'
import { tagKey, tagsFolder } from './keys.ts'
import { ReadCache } from './read-cache.ts'
import type { Page } from './store/blob-store.ts'

const CACHED_TAGS = 100_000
/** Names of tags in all cached lists. */
const CACHED_NAMES = 500_000
/** Another process may move a tag first, but losing this often means that something is wrong. */
const ATTEMPTS = 100

/** The manifest that a tag points to, and the version of the tag's object in the store. */
type Target = { descriptor: Descriptor; version: string }

/** Called with the digest that a tag points to before it is moved or deleted; throws to refuse. */
export type MayMove = (tag: string, from: string | undefined) => Promise<void>

/** Tags: one small object each, with the descriptor of the manifest that it points to. */
export class Tags {
  readonly #ctx: RegistryContext
  readonly #targets: ReadCache<Target>
  readonly #names: ReadCache<string[]>

  constructor(ctx: RegistryContext) {
    this.#ctx = ctx
    this.#targets = new ReadCache(ctx.store.shared, { entries: CACHED_TAGS })
    this.#names = new ReadCache(ctx.store.shared, {
      size: CACHED_NAMES,
      sizeOf: ({ length }) => length + 1,
    })
  }

  /** Returns the descriptor that a tag points to, or undefined where there is no such tag. */
  async get(repository: string, tag: string): Promise<Descriptor | undefined> {
    return (await this.#target(repository, tag))?.descriptor
  }

  /** Returns the tags in ASCII order: all of them, or a page. */
  async list(repository: string, { after, limit }: Page = {}): Promise<string[]> {
    const folder = tagsFolder(repository)
    const read = async (page: Page): Promise<string[]> =>
      (await this.#ctx.store.list(folder, page)).map(({ name }) => name)
    if (this.#ctx.store.shared) return read({ after, limit })
    const names = (await this.#names.get(folder, () => read({}))) ?? []
    const rest = after === undefined ? names : names.filter((name) => name > after)
    return limit === undefined ? rest : rest.slice(0, limit)
  }

  /**
   * Points a tag to a manifest. Calls `mayMove` again if another process has moved the tag in the meantime. The caller
   * holds the repository's lock.
   */
  async set(repository: string, tag: string, descriptor: Descriptor, mayMove?: MayMove): Promise<void> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const now = await this.#target(repository, tag)
      await mayMove?.(tag, now?.descriptor.digest)
      if (await this.#put(repository, tag, descriptor, now)) return
    }
    throw contended(tag)
  }

  /**
   * Removes a tag and leaves its manifest. With `from`, only while the tag points to that digest. Returns whether the
   * tag was removed. The caller holds the repository's lock.
   */
  async remove(
    repository: string,
    tag: string,
    options: { from?: string; mayMove?: MayMove | undefined } = {},
  ): Promise<boolean> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const now = await this.#target(repository, tag)
      const digest = now?.descriptor.digest
      await options.mayMove?.(tag, digest)
      if (!now || (options.from !== undefined && digest !== options.from)) return false
      if (await this.#delete(repository, tag, now)) return true
    }
    throw contended(tag)
  }

  /** Returns the tags that point to a manifest. */
  async pointingTo(repository: string, digest: string): Promise<string[]> {
    const entries = await this.entries(repository)
    return entries.filter(([, descriptor]) => descriptor.digest === digest).map(([tag]) => tag)
  }

  /** Returns every tag with the descriptor it points to. */
  async entries(repository: string): Promise<[tag: string, descriptor: Descriptor][]> {
    const found = await mapConcurrently(await this.list(repository), async (tag) => {
      const descriptor = await this.get(repository, tag)
      return { tag, descriptor }
    })
    return found.flatMap(({ tag, descriptor }) => (descriptor ? [[tag, descriptor]] : []))
  }

  async #target(repository: string, tag: string): Promise<Target | undefined> {
    const key = tagKey(repository, tag)
    return this.#targets.get(key, async () => {
      const stored = await this.#ctx.store.get(key)
      if (!stored) return undefined
      return { descriptor: JSON.parse(Buffer.from(stored.bytes).toString()), version: stored.version }
    })
  }

  async #put(
    repository: string,
    tag: string,
    descriptor: Descriptor,
    now: Target | undefined,
  ): Promise<boolean> {
    const key = tagKey(repository, tag)
    const { store } = this.#ctx
    const bytes = Buffer.from(JSON.stringify(descriptor))
    // In a store that is not shared, the repository's lock already excludes other writers.
    const expected = store.shared ? (now?.version ?? null) : undefined
    const put = () => this.#targets.update(key, () => store.put(key, bytes, expected))
    return now ? put() : this.#names.update(tagsFolder(repository), put)
  }

  async #delete(repository: string, tag: string, now: Target): Promise<boolean> {
    const key = tagKey(repository, tag)
    const { store } = this.#ctx
    const expected = store.shared ? now.version : undefined
    return this.#names.update(tagsFolder(repository), () =>
      this.#targets.update(key, () => store.delete(key, expected)),
    )
  }
}

function contended(tag: string): RegistryError {
  return busy(`the tag ${tag} keeps being moved by other processes: try again`)
}
