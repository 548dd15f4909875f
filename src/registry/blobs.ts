import { LRUCache } from 'lru-cache'
import { type Content, readAll, type Stream, verified } from '../oci/content.ts'
import type { Descriptor } from '../oci/descriptor.ts'
import { allDone } from './all-done.ts'
import { isFresh, type RegistryContext } from './context.ts'
import { busy, RegistryError } from './errors.ts'
import { blobKey, linkKey } from './keys.ts'
import { Remembered } from './remembered.ts'
import type { BlobUpload, Range, Stat } from './store/blob-store.ts'

/** A blob that a repository has: its size in bytes, and when the repository's link to it was last written. */
type Linked = { size: number; linked: number }

const NOTHING = new Uint8Array(0)
/** So many links to blobs, and so many sizes of blobs. */
const REMEMBERED = 100_000
/** Blobs up to this size are kept in memory, and so many bytes of them in all. */
export const SMALL_BLOB_BYTES = 64 * 1024
const SMALL_BLOBS_BYTES = 32 * 1024 * 1024
/** A blob that collections take away between two writes of it is written again: more than a few times would be odd. */
const ATTEMPTS = 5

/** Blobs: stored once for all repositories, visible in those that have a link to them. */
export class Blobs {
  readonly #ctx: RegistryContext
  readonly #links: Remembered<Stat>
  /** Apart from the links, as each has its own changes: a collection takes a blob from all repositories. */
  readonly #stored: Remembered<Stat>
  /** By digest: what a digest stands for never changes. */
  readonly #small = new LRUCache<string, Uint8Array>({
    maxSize: SMALL_BLOBS_BYTES,
    sizeCalculation: ({ byteLength }) => byteLength + 256,
  })
  /** When somebody asked for a blob, who may rely on it in what he pushes next. */
  // With `max` it would take memory for all of them at once.
  readonly #asked = new LRUCache<string, number>({ maxSize: REMEMBERED, sizeCalculation: () => 1 })

  constructor(ctx: RegistryContext) {
    this.#ctx = ctx
    this.#links = new Remembered(ctx.store.shared, { entries: REMEMBERED })
    this.#stored = new Remembered(ctx.store.shared, { entries: REMEMBERED })
  }

  /** The size in bytes. Throws BLOB_UNKNOWN. */
  async size(repository: string, digest: string): Promise<number> {
    let found = await this.#find(repository, digest)
    if (found && !isFresh(this.#ctx, found.linked)) {
      this.#asked.set(linkKey(repository, digest), this.#ctx.now())
      // A collection that looked before that may be about to take it.
      await this.#ctx.condemned.settled([digest])
      found = await this.#find(repository, digest)
    }
    if (!found) throw unknownBlob(repository, digest)
    return found.size
  }

  async has(repository: string, digest: string): Promise<boolean> {
    return (await this.#find(repository, digest)) !== undefined
  }

  /** Throws BLOB_UNKNOWN. */
  async read(repository: string, digest: string, range?: Range): Promise<Stream> {
    if (!(await this.has(repository, digest))) throw unknownBlob(repository, digest)
    return this.open(repository, digest, range)
  }

  /** The same of a blob whose size the caller has asked for, and so has seen to be there. */
  async open(repository: string, digest: string, range?: Range): Promise<Stream> {
    const stream = await this.#ctx.store.read(blobKey(digest), range)
    if (!stream) throw unknownBlob(repository, digest)
    return stream
  }

  /** The bytes of such a blob of at most `SMALL_BLOB_BYTES`, from memory where they are there. */
  async openSmall(repository: string, digest: string): Promise<Uint8Array> {
    const known = this.#small.get(digest)
    if (known) return known
    const bytes = await readAll(await this.open(repository, digest), SMALL_BLOB_BYTES)
    this.#small.set(digest, bytes)
    return bytes
  }

  /** Where clients get a blob that is there without this process, if the store has such a place. */
  async link(digest: string): Promise<URL | undefined> {
    return this.#ctx.store.link(blobKey(digest))
  }

  /** Stores a blob whose digest the caller has verified. */
  async put(repository: string, digest: string, bytes: Uint8Array): Promise<void> {
    await this.#add(repository, digest, async () => {
      await this.#ctx.store.put(blobKey(digest), bytes)
    })
  }

  /** Stores a blob that is checked against its descriptor while it comes in. */
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

  /** Stores what an upload has taken in, whose digest the caller has verified. It ends the upload unless it throws. */
  async putUpload(repository: string, digest: string, upload: BlobUpload): Promise<void> {
    let committed = false
    await this.#add(repository, digest, async () => {
      // What was uploaded is gone by now; so is what it became, and that happens to nobody twice.
      if (committed) throw collected(digest)
      await upload.commit(blobKey(digest))
      committed = true
    })
    if (!committed) await upload.abort()
  }

  /** Whether the blob was there, and now is in both. */
  async mount(repository: string, digest: string, from: string): Promise<boolean> {
    if (!(await this.has(from, digest))) return false
    try {
      await this.#add(repository, digest, async () => {
        throw unknownBlob(from, digest)
      })
    } catch (error) {
      if (error instanceof RegistryError && error.code === 'BLOB_UNKNOWN') return false
      throw error
    }
    return true
  }

  /** Takes the blob from this repository; others may still have it. `mayDelete` throws to keep it. Throws BLOB_UNKNOWN. */
  async delete(repository: string, digest: string, mayDelete?: () => Promise<void>): Promise<void> {
    await this.#ctx.locks.run(repository, async () => {
      await mayDelete?.()
      if (!(await this.unlink(repository, digest))) throw unknownBlob(repository, digest)
    })
  }

  /** Removes a repository's link to a blob: whether there was one. */
  async unlink(repository: string, digest: string): Promise<boolean> {
    const key = linkKey(repository, digest)
    return this.#links.change(key, () => this.#ctx.store.delete(key))
  }

  /** Removes a blob that no repository links. */
  async remove(digest: string): Promise<void> {
    const key = blobKey(digest)
    await this.#stored.change(key, () => this.#ctx.store.delete(key))
  }

  /** Whether somebody has asked this process for the blob since then. */
  askedSince(repository: string, digest: string, time: number): boolean {
    return (this.#asked.get(linkKey(repository, digest)) ?? 0) >= time
  }

  /**
   * Links a blob that is stored, and else lets `store` do that. When it resolves, both are there, and younger than
   * collections take: see `Condemned`.
   */
  async #add(repository: string, digest: string, store: () => Promise<void>): Promise<void> {
    const before = await this.#find(repository, digest)
    if (before && isFresh(this.#ctx, before.linked)) {
      // Whoever wrote that link may still wait for a collection that has not seen it.
      await this.#ctx.condemned.settled([digest])
      if (await this.has(repository, digest)) return
    }
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const stored = await this.#ctx.store.stat(blobKey(digest))
      // Both at once: after a crash between the two, a link without a blob counts as none.
      await allDone([stored ? Promise.resolve() : store(), this.#link(repository, digest)])
      await this.#ctx.condemned.settled([digest])
      if (await this.has(repository, digest)) return
    }
    throw collected(digest)
  }

  async #link(repository: string, digest: string): Promise<void> {
    const key = linkKey(repository, digest)
    await this.#links.change(key, () => this.#ctx.store.put(key, NOTHING))
  }

  async #stat(remembered: Remembered<Stat>, key: string): Promise<Stat | undefined> {
    return remembered.get(key, () => this.#ctx.store.stat(key))
  }

  async #find(repository: string, digest: string): Promise<Linked | undefined> {
    const link = await this.#stat(this.#links, linkKey(repository, digest))
    const blob = link && (await this.#stat(this.#stored, blobKey(digest)))
    return blob && { size: blob.size, linked: link.modified }
  }
}

function unknownBlob(repository: string, digest: string): RegistryError {
  return new RegistryError('BLOB_UNKNOWN', `${repository} has no blob ${digest}`)
}

function collected(digest: string): RegistryError {
  return busy(`${digest} was collected while it was pushed: push it again`)
}
