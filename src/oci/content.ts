/** Content is a stream of bytes, or bytes where they are at hand. */
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
 * The content, checked while it flows against its descriptor's size and digest. Whoever reads it to the end without
 * an error has what the descriptor promises; no more than the promised size is ever passed on.
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
    const sizes =
      size > expected.size ? `more than its ${expected.size} bytes` : `${size} of its ${expected.size} bytes`
    throw new OciError('size_mismatch', `${expected.digest}: the content has ${sizes}`)
  }
  const actual = digestFrom(hash, algorithm)
  if (actual !== expected.digest) {
    throw new OciError('digest_mismatch', `${expected.digest}: the content has the digest ${actual}`)
  }
}

/** All bytes of a content. Throws `size_exceeded` as soon as there are more than `limit`. */
export async function readAll(content: Content, limit: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of streamOf(content)) {
    size += chunk.byteLength
    if (size > limit) throw new OciError('size_exceeded', `the content has more than ${limit} bytes`)
    chunks.push(chunk)
  }
  const only = chunks[0]
  return only && chunks.length === 1 ? only : Buffer.concat(chunks)
}
