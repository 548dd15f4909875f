import type { KeyedLock } from '../keyed-lock.ts'
import { type Content, type Stream, verified } from '../oci/content.ts'
import type { Descriptor } from '../oci/descriptor.ts'
import { RegistryError } from './errors.ts'
import { blobKey, linkKey } from './keys.ts'
import type { BlobStore, Range } from './store/blob-store.ts'

const NOTHING = new Uint8Array(0)

/** Blobs: stored once for all repositories, visible in those that have a link to them. */
export class Blobs {
  readonly #store: BlobStore
  readonly #locks: KeyedLock

  constructor(store: BlobStore, locks: KeyedLock) {
    this.#store = store
    this.#locks = locks
  }

  /** The size in bytes. Throws BLOB_UNKNOWN. */
  async size(repository: string, digest: string): Promise<number> {
    const size = await this.#sizeOf(repository, digest)
    if (size === undefined) throw unknownBlob(repository, digest)
    return size
  }

  async has(repository: string, digest: string): Promise<boolean> {
    return (await this.#sizeOf(repository, digest)) !== undefined
  }

  /** Throws BLOB_UNKNOWN. */
  async read(repository: string, digest: string, range?: Range): Promise<Stream> {
    const stream = (await this.has(repository, digest))
      ? await this.#store.read(blobKey(digest), range)
      : undefined
    if (!stream) throw unknownBlob(repository, digest)
    return stream
  }

  /** Stores a blob whose digest the caller has verified. */
  async put(repository: string, digest: string, bytes: Uint8Array): Promise<void> {
    if (await this.has(repository, digest)) return
    const stored = (await this.#store.stat(blobKey(digest))) !== undefined
    // Both at once: after a crash between the two, a link without a blob counts as none.
    await Promise.all([
      stored ? undefined : this.#store.put(blobKey(digest), bytes),
      this.#store.put(linkKey(repository, digest), NOTHING),
    ])
  }

  /** Stores a blob that is checked against its descriptor while it comes in. */
  async putStream(repository: string, expected: Descriptor, content: Content): Promise<void> {
    if (await this.has(repository, expected.digest)) return
    const upload = await this.#store.upload()
    try {
      await upload.append(verified(content, expected))
      await upload.commit(blobKey(expected.digest))
    } catch (error) {
      await upload.abort()
      throw error
    }
    await this.link(repository, expected.digest)
  }

  /** Makes a stored blob visible in a repository. */
  async link(repository: string, digest: string): Promise<void> {
    await this.#store.put(linkKey(repository, digest), NOTHING)
  }

  /** Whether the blob was there, and now is in both. */
  async mount(repository: string, digest: string, from: string): Promise<boolean> {
    if (!(await this.has(from, digest))) return false
    await this.link(repository, digest)
    return true
  }

  /** Takes the blob from this repository; others may still have it. `mayDelete` throws to keep it. Throws BLOB_UNKNOWN. */
  async delete(repository: string, digest: string, mayDelete?: () => Promise<void>): Promise<void> {
    await this.#locks.run(repository, async () => {
      await mayDelete?.()
      if (!(await this.#store.delete(linkKey(repository, digest)))) throw unknownBlob(repository, digest)
    })
  }

  async #sizeOf(repository: string, digest: string): Promise<number | undefined> {
    if ((await this.#store.stat(linkKey(repository, digest))) === undefined) return undefined
    return (await this.#store.stat(blobKey(digest)))?.size
  }
}

function unknownBlob(repository: string, digest: string): RegistryError {
  return new RegistryError('BLOB_UNKNOWN', `${repository} has no blob ${digest}`)
}
