import type { Readable } from 'node:stream'
import { GetObjectCommand } from '@aws-sdk/client-s3'
import { type Stream, streamOf } from '../../../oci/content.ts'
import type { Range } from '../blob-store.ts'
import type { Bucket } from './bucket.ts'
import { isMissing, isRefused, S3Error } from './s3-error.ts'

/** How often in a row a connection may be cut before it has delivered a byte. */
const MAX_CUTS = 3

type Part = { body: Readable; version: string; end: number }

/** Returns the bytes under a key as a stream, with their version, or undefined if the key does not exist. */
export async function openObject(
  bucket: Bucket,
  key: string,
  range?: Range,
): Promise<{ stream: Stream; version: string } | undefined> {
  try {
    const part = await request(bucket, key, { range })
    return { stream: new ObjectStream(bucket, key, part, range?.start ?? 0), version: part.version }
  } catch (error) {
    if (isMissing(error)) return undefined
    // As in the other stores, a range beyond the end is empty.
    if (error instanceof S3Error && error.status === 416) return { stream: streamOf(NOTHING), version: '' }
    throw error
  }
}

const NOTHING = new Uint8Array(0)

/** Requests an object or a range of it, optionally of one version only. `end` is the offset after its last byte. */
async function request(
  bucket: Bucket,
  key: string,
  { range, version }: { range?: Range | undefined; version?: string },
): Promise<Part> {
  const doing = `reading ${key}`
  const command = new GetObjectCommand({
    ...bucket.at(key),
    ...(range && { Range: `bytes=${range.start}-${range.end}` }),
    ...(version !== undefined && { IfMatch: version }),
  })
  const { Body, ContentLength, ContentRange, ETag } = await bucket.sendAbout(key, doing, (client) =>
    client.send(command),
  )
  const body = Body as Readable
  // It can fail while it is not being read; the next read reports that.
  body.on('error', () => undefined)
  const code = range && !ContentRange ? 'no Content-Range' : 'no Content-Length'
  if (ContentLength === undefined || (range && !ContentRange)) {
    body.destroy()
    throw new S3Error(`S3: ${doing} failed: the response has ${code}`, { code })
  }
  return { body, version: ETag ?? '', end: (range?.start ?? 0) + ContentLength }
}

/** Delivers all bytes or an error. If a connection is cut, requests the rest of the same version. */
class ObjectStream implements AsyncIterableIterator<Uint8Array> {
  readonly #bucket: Bucket
  readonly #key: string
  readonly #version: string
  /** The offset after the last byte. */
  readonly #end: number
  #body: Readable
  #chunks: AsyncIterator<Uint8Array>
  #position: number
  #cuts = 0

  constructor(bucket: Bucket, key: string, part: Part, start: number) {
    this.#bucket = bucket
    this.#key = key
    this.#version = part.version
    this.#end = part.end
    this.#body = part.body
    this.#chunks = part.body[Symbol.asyncIterator]()
    this.#position = start
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<Uint8Array>> {
    for (;;) {
      const result = await this.#chunks.next().catch(() => undefined)
      if (result && !result.done) {
        this.#position += result.value.byteLength
        this.#cuts = 0
        return result
      }
      if (this.#position === this.#end) return { done: true, value: undefined }
      await this.#resume()
    }
  }

  /** Closes the connection, even if nothing has been read from the stream. */
  async return(): Promise<IteratorResult<Uint8Array>> {
    this.#body.destroy()
    return { done: true, value: undefined }
  }

  async #resume(): Promise<void> {
    this.#body.destroy()
    const missing = `${this.#end - this.#position} bytes before the end`
    if (this.#position > this.#end || ++this.#cuts > MAX_CUTS) {
      const message = `S3: reading ${this.#key} failed: the connection was cut ${missing}, again and again`
      throw new S3Error(message, { code: 'IncompleteBody' })
    }
    try {
      const range = { start: this.#position, end: this.#end - 1 }
      this.#body = (await request(this.#bucket, this.#key, { range, version: this.#version })).body
      this.#chunks = this.#body[Symbol.asyncIterator]()
    } catch (error) {
      if (!isRefused(error)) throw error
      const message = `S3: reading ${this.#key} failed: the connection was cut ${missing}, and the object has changed since`
      throw new S3Error(message, { code: 'PreconditionFailed', status: 412 })
    }
  }
}
