import { LRUCache } from 'lru-cache'
import { settleAll } from '../core/concurrency.ts'
import { recent } from '../core/recent.ts'
import { type Content, readAll, type Stream, verified } from '../oci/content.ts'
import type { Descriptor } from '../oci/descriptor.ts'
import { isFresh, type RegistryContext } from './context.ts'
import { busy, RegistryError } from './errors.ts'
import { blobKey, linkKey } from './keys.ts'
import { ReadCache } from './read-cache.ts'
import type { BlobUpload, Range, Stat } from './store/blob-store.ts'

/**
 * A blob that a repository has: its size in bytes, and when the repository's link to it was last written. `sent`: whether
 * a client of the registry has sent its content, or mounted it from where the client may read it.
 */
type Linked = { size: number; linked: number; sent: boolean }

/** The contents of links. */
const NOTHING = new Uint8Array(0)
const SENT = new Uint8Array([1])
/** Entries of each cache. */
const CACHED_ENTRIES = 100_000
/** Blobs up to this size are cached in memory. */
export const SMALL_BLOB_BYTES = 64 * 1024
/** The size of that cache. */
const SMALL_BLOBS_BYTES = 32 * 1024 * 1024
/** Attempts to store a blob that collections delete during its push; a second one is already rare. */
const ATTEMPTS = 5

/** Blobs: stored once for all repositories, visible in those that have a link to them. */
export class Blobs {
  readonly #ctx: RegistryContext
  readonly #links: ReadCache<Stat>
  /** Separate from the links, as a collection deletes a blob for all repositories at once. */
  readonly #stored: ReadCache<Stat>
  /** By digest, as the content of a digest never changes. */
  readonly #small = new LRUCache<string, Uint8Array>({
    maxSize: SMALL_BLOBS_BYTES,
    sizeCalculation: ({ byteLength }) => byteLength + 256,
  })
  /**
   * When a client last asked for a blob: it may rely on the answer in its next push. `maxSize` instead of `max`, which
   * would allocate all entries at once.
   */
  readonly #requested = recent<number>(CACHED_ENTRIES)

  constructor(ctx: RegistryContext) {
    this.#ctx = ctx
    this.#links = new ReadCache(ctx.store.shared, { entries: CACHED_ENTRIES })
    this.#stored = new ReadCache(ctx.store.shared, { entries: CACHED_ENTRIES })
  }

  /** Returns the size in bytes. Throws BLOB_UNKNOWN. */
  async size(repository: string, digest: string): Promise<number> {
    let found = await this.#find(repository, digest)
    if (found && !isFresh(this.#ctx, found.linked)) {
      this.#requested.set(linkKey(repository, digest), this.#ctx.now())
      // A collection that has not seen this request may be about to delete the blob.
      await this.#ctx.pendingDeletions.settled([digest])
      found = await this.#find(repository, digest)
    }
    if (!found) throw unknownBlob(repository, digest)
    return found.size
  }

  async has(repository: string, digest: string): Promise<boolean> {
    return (await this.#find(repository, digest)) !== undefined
  }

  /** Whether a client has shown that it has the content, instead of knowing the digest only. */
  async wasSent(repository: string, digest: string): Promise<boolean> {
    return (await this.#find(repository, digest))?.sent === true
  }

  /** Throws BLOB_UNKNOWN. */
  async read(repository: string, digest: string, range?: Range): Promise<Stream> {
    if (!(await this.has(repository, digest))) throw unknownBlob(repository, digest)
    return this.open(repository, digest, range)
  }

  /** Like `read`, for a caller that already knows from `size` that the repository has the blob. */
  async open(repository: string, digest: string, range?: Range): Promise<Stream> {
    const stream = await this.#ctx.store.read(blobKey(digest), range)
    if (!stream) throw unknownBlob(repository, digest)
    return stream
  }

  /** Like `open`, for a blob of at most `SMALL_BLOB_BYTES`, whose bytes are cached. */
  async openSmall(repository: string, digest: string): Promise<Uint8Array> {
    const cached = this.#small.get(digest)
    if (cached) return cached
    const bytes = await readAll(await this.open(repository, digest), SMALL_BLOB_BYTES)
    this.#small.set(digest, bytes)
    return bytes
  }

  /** Returns a URL from which clients can download an existing blob without this process, if the store has any. */
  async downloadUrl(digest: string): Promise<URL | undefined> {
    return this.#ctx.store.downloadUrl(blobKey(digest))
  }

  /** Stores a blob whose digest the caller has verified. */
  async put(repository: string, digest: string, bytes: Uint8Array): Promise<void> {
    await this.#add(repository, digest, async () => {
      await this.#ctx.store.put(blobKey(digest), bytes)
    })
  }

  /** Stores a blob, and verifies it against its descriptor as it streams in. */
  async putStream(repository: string, expected: Descriptor, content: Content): Promise<void> {
    const upload = await this.#ctx.store.upload()
    try {
      await upload.append(verified(content, expected))
      await this.putUpload(repository, expected.digest, upload)
    } catch (error) {
      await upload.abort()
      throw error
    }
  }

  /** Stores the bytes of an upload whose digest the caller has verified. Ends the upload unless it throws. */
  async putUpload(
    repository: string,
    digest: string,
    upload: BlobUpload,
    { sent = false } = {},
  ): Promise<void> {
    let committed = false
    const commit = async () => {
      // The first commit has used up the upload, and a collection has deleted the blob since.
      if (committed) throw collected(digest)
      await upload.commit(blobKey(digest))
      committed = true
    }
    await this.#add(repository, digest, commit, sent)
    if (!committed) await upload.abort()
  }

  /** Links a blob of another repository. Returns false where that one does not have it. */
  async mount(repository: string, digest: string, from: string, { sent = false } = {}): Promise<boolean> {
    if (!(await this.has(from, digest))) return false
    const lost = async () => {
      throw unknownBlob(from, digest)
    }
    try {
      await this.#add(repository, digest, lost, sent)
    } catch (error) {
      if (error instanceof RegistryError && error.code === 'BLOB_UNKNOWN') return false
      throw error
    }
    return true
  }

  /** Deletes the blob from this repository; others keep it. `mayDelete` throws to refuse. Throws BLOB_UNKNOWN. */
  async delete(repository: string, digest: string, mayDelete?: () => Promise<void>): Promise<void> {
    await this.#ctx.locks.run(repository, async () => {
      await mayDelete?.()
      if (!(await this.unlink(repository, digest))) throw unknownBlob(repository, digest)
    })
  }

  /** Deletes a repository's link to a blob. Returns whether there was one. */
  async unlink(repository: string, digest: string): Promise<boolean> {
    const key = linkKey(repository, digest)
    return this.#links.update(key, () => this.#ctx.store.delete(key))
  }

  /** Deletes a blob to which no repository has a link. */
  async remove(digest: string): Promise<void> {
    const key = blobKey(digest)
    await this.#stored.update(key, () => this.#ctx.store.delete(key))
  }

  /** Returns whether a client has asked this process for the blob since a time, in milliseconds since 1970. */
  requestedSince(repository: string, digest: string, time: number): boolean {
    return (this.#requested.get(linkKey(repository, digest)) ?? 0) >= time
  }

  /**
   * Links a blob, and calls `store` if it is not stored yet. When this resolves, blob and link both exist and are too
   * young for a collection to delete them: see `PendingDeletions`.
   */
  async #add(repository: string, digest: string, store: () => Promise<void>, sent = false): Promise<void> {
    const before = await this.#find(repository, digest)
    if (before && isFresh(this.#ctx, before.linked) && (before.sent || !sent)) {
      // The push that wrote this link may still be waiting for a collection that has not seen it.
      await this.#ctx.pendingDeletions.settled([digest])
      if (await this.has(repository, digest)) return
    }
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const stored = await this.#ctx.store.stat(blobKey(digest))
      // In parallel: if a crash leaves only the link, it does not count without its blob.
      await settleAll([
        stored ? Promise.resolve() : store(),
        this.#link(repository, digest, sent || before?.sent === true),
      ])
      await this.#ctx.pendingDeletions.settled([digest])
      if (await this.has(repository, digest)) return
    }
    throw collected(digest)
  }

  async #link(repository: string, digest: string, sent: boolean): Promise<void> {
    const key = linkKey(repository, digest)
    await this.#links.update(key, () => this.#ctx.store.put(key, sent ? SENT : NOTHING))
  }

  async #stat(cache: ReadCache<Stat>, key: string): Promise<Stat | undefined> {
    return cache.get(key, () => this.#ctx.store.stat(key))
  }

  async #find(repository: string, digest: string): Promise<Linked | undefined> {
    const link = await this.#stat(this.#links, linkKey(repository, digest))
    const blob = link && (await this.#stat(this.#stored, blobKey(digest)))
    return blob && { size: blob.size, linked: link.modified, sent: link.size > 0 }
  }
}

export function unknownBlob(repository: string, digest: string): RegistryError {
  return new RegistryError('BLOB_UNKNOWN', `${repository} has no blob ${digest}`)
}

function collected(digest: string): RegistryError {
  return busy(`garbage collection deleted the blob ${digest} during the push: push it again`)
}
