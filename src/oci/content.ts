/** Content is a stream of bytes, or the bytes themselves if they are already in memory. */
import { createHash } from 'node:crypto'
import type { Descriptor } from './descriptor.ts'
import { algorithmOf, digestFrom } from './digest.ts'
import { OciError } from './errors.ts'

export type Stream = AsyncIterable<Uint8Array>
export type Content = Uint8Array | Stream

export async function* streamOf(content: Content): AsyncGenerator<Uint8Array> {
  if (content instanceof Uint8Array) yield content
  else yield* content
}

/**
 * Passes the content through and verifies it against the size and digest of its descriptor. Never yields more bytes
 * than expected. Throws `size_mismatch` or `digest_mismatch` at the end: only content read in full is verified.
 */
export async function* verified(content: Content, expected: Descriptor): AsyncGenerator<Uint8Array> {
  const algorithm = algorithmOf(expected.digest)
  const hash = createHash(algorithm)
  let size = 0
  for await (const chunk of streamOf(content)) {
    size += chunk.byteLength
    if (size > expected.size) break
    hash.update(chunk)
    yield chunk
  }
  if (size !== expected.size) {
    const actual = size > expected.size ? 'more' : String(size)
    throw new OciError(
      'size_mismatch',
      `${expected.digest}: expected ${expected.size} bytes of content, got ${actual}`,
    )
  }
  const actual = digestFrom(hash, algorithm)
  if (actual !== expected.digest) {
    throw new OciError('digest_mismatch', `${expected.digest}: the content has the digest ${actual}`)
  }
}

/** Passes the content through until a time, in milliseconds since 1970. Throws `unavailable` for what arrives later. */
export async function* inTime(content: Content, deadline: number): AsyncGenerator<Uint8Array> {
  for await (const chunk of streamOf(content)) {
    if (Date.now() > deadline) throw new OciError('unavailable', 'the content takes too long to arrive')
    yield chunk
  }
}

/** Reads the content into memory. Throws `size_exceeded` as soon as it has more than `limit` bytes. */
export async function readAll(content: Content, limit: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of streamOf(content)) {
    size += chunk.byteLength
    if (size > limit) throw new OciError('size_exceeded', `the content exceeds the limit of ${limit} bytes`)
    chunks.push(chunk)
  }
  const only = chunks[0]
  return only && chunks.length === 1 ? only : Buffer.concat(chunks)
}
