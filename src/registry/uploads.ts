/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pushing-blobs */
import { createHash, type Hash, randomUUID } from 'node:crypto'
import { currentClient } from '../core/client.ts'
import { KeyedLock } from '../core/keyed-lock.ts'
import type { Stream } from '../oci/content.ts'
import { type Algorithm, algorithmOf, digestFrom } from '../oci/digest.ts'
import type { Blobs } from './blobs.ts'
import type { RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'
import type { BlobStore, BlobUpload } from './store/blob-store.ts'

type Session = {
  repository: string
  client: string
  upload: BlobUpload
  algorithm: Algorithm
  hash: Hash
  usedAt: number
  /** True while a request is using the session. */
  busy: boolean
}

/** First and last byte of a chunk, both inclusive. */
export type ChunkRange = { start: number; end: number }

/** Sessions that are idle for longer are dropped, in milliseconds. */
const IDLE_LIMIT = 60 * 60 * 1000
/** Each session may hold a file open. */
const MAX_SESSIONS = 1000
/** The sessions of one client, which leaves some to others. */
const MAX_OF_CLIENT = 500
/** At that limit, sessions that have not received anything for this long are dropped, in milliseconds. */
const EMPTY_LIMIT = 60 * 1000

/** The uploads in progress, by session id. They are lost when the process ends; clients then start over. */
export class Uploads {
  readonly #store: BlobStore
  readonly #now: () => number
  readonly #blobs: Blobs
  readonly #sessions = new Map<string, Session>()
  readonly #lock = new KeyedLock()

  constructor({ store, now }: RegistryContext, blobs: Blobs) {
    this.#store = store
    this.#now = now
    this.#blobs = blobs
  }

  /**
   * Starts a session and returns its id. Throws TOOMANYREQUESTS at the limit: the clients of other sessions may be
   * between two chunks.
   */
  async start(repository: string, algorithm: Algorithm = 'sha256'): Promise<string> {
    await this.dropIdle(this.#now() - IDLE_LIMIT)
    const client = currentClient()
    if (this.#isFull(client)) await this.#dropEmpty(this.#now() - EMPTY_LIMIT)
    const id = randomUUID()
    const upload = await this.#store.upload()
    if (this.#isFull(client)) {
      await upload.abort()
      throw new RegistryError('TOOMANYREQUESTS', 'too many uploads are in progress: try again later', {
        headers: { 'Retry-After': String(EMPTY_LIMIT / 1000) },
      })
    }
    const hash = createHash(algorithm)
    this.#sessions.set(id, { repository, client, upload, algorithm, hash, usedAt: this.#now(), busy: false })
    return id
  }

  #isFull(client: string): boolean {
    if (this.#sessions.size >= MAX_SESSIONS) return true
    if (client === '' || this.#sessions.size < MAX_OF_CLIENT) return false
    return [...this.#sessions.values()].filter((session) => session.client === client).length >= MAX_OF_CLIENT
  }

  /** Returns the bytes received so far. Throws BLOB_UPLOAD_UNKNOWN. */
  status(repository: string, id: string): number {
    return this.#session(repository, id).upload.size
  }

  /** Appends a chunk, or nothing of it if it fails. Returns the bytes received so far. */
  async append(repository: string, id: string, content: Stream, range?: ChunkRange): Promise<number> {
    return this.#use(repository, id, async (session) => {
      await append(session, content, range)
      return session.upload.size
    })
  }

  /** Ends the session and stores its bytes as a blob. Throws DIGEST_INVALID if they have another digest. */
  async finish(repository: string, id: string, digest: string): Promise<void> {
    await this.#use(repository, id, async (session) => {
      this.#sessions.delete(id)
      try {
        const actual = await digestOfUpload(session, algorithmOf(digest))
        if (actual !== digest) {
          throw new RegistryError('DIGEST_INVALID', `the content has the digest ${actual}, not ${digest}`)
        }
        await this.#blobs.putUpload(repository, digest, session.upload, { sent: true })
      } catch (error) {
        await session.upload.abort()
        throw error
      }
    })
  }

  async cancel(repository: string, id: string): Promise<void> {
    await this.#use(repository, id, async (session) => {
      this.#sessions.delete(id)
      await session.upload.abort()
    })
  }

  /** Drops the sessions last used before a time, in milliseconds since 1970. Returns how many. */
  async dropIdle(before: number): Promise<number> {
    return this.#drop(({ usedAt }) => usedAt < before)
  }

  async #dropEmpty(before: number): Promise<void> {
    await this.#drop(({ upload, usedAt }) => upload.size === 0 && usedAt < before)
  }

  /** Drops sessions that no request is using. Returns how many. */
  async #drop(which: (session: Session) => boolean): Promise<number> {
    let dropped = 0
    for (const [id, session] of this.#sessions) {
      if (session.busy || !which(session)) continue
      await this.#lock.run(id, async () => {
        // A request may have used or ended it meanwhile.
        if (!this.#sessions.has(id) || !which(session)) return
        this.#sessions.delete(id)
        await session.upload.abort()
        dropped++
      })
    }
    return dropped
  }

  async #use<T>(repository: string, id: string, work: (session: Session) => Promise<T>): Promise<T> {
    return this.#lock.run(id, async () => {
      const session = this.#session(repository, id)
      session.busy = true
      try {
        return await work(session)
      } finally {
        session.busy = false
        session.usedAt = this.#now()
      }
    })
  }

  #session(repository: string, id: string): Session {
    const session = this.#sessions.get(id)
    if (session?.repository !== repository) {
      throw new RegistryError('BLOB_UPLOAD_UNKNOWN', `${repository} has no upload ${id}: start a new one`)
    }
    return session
  }
}

async function append(session: Session, content: Stream, range?: ChunkRange): Promise<void> {
  const before = session.upload.size
  if (range && range.start !== before) {
    const message = `the chunk starts at byte ${range.start}, but the upload continues at byte ${before}`
    throw new RegistryError('BLOB_UPLOAD_INVALID', message, { status: 416 })
  }
  const hash = session.hash.copy()
  await session.upload.append(hashed(content, hash, range))
  session.hash = hash
}

/** Hashes a chunk as it passes. Throws SIZE_INVALID if its length does not match its range. */
async function* hashed(content: Stream, hash: Hash, range?: ChunkRange): AsyncGenerator<Uint8Array> {
  let size = 0
  for await (const chunk of content) {
    size += chunk.byteLength
    hash.update(chunk)
    yield chunk
  }
  const expected = range ? range.end - range.start + 1 : size
  if (size !== expected) {
    throw new RegistryError(
      'SIZE_INVALID',
      `the chunk has ${size} bytes, but its Content-Range has ${expected}`,
    )
  }
}

async function digestOfUpload(session: Session, algorithm: Algorithm): Promise<string> {
  if (algorithm === session.algorithm) return digestFrom(session.hash, algorithm)
  const hash = createHash(algorithm)
  for await (const chunk of session.upload.read()) hash.update(chunk)
  return digestFrom(hash, algorithm)
}
