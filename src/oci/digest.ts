/** https://github.com/opencontainers/image-spec/blob/v1.1.1/descriptor.md#digests */
import { createHash, type Hash } from 'node:crypto'
import { OciError } from './errors.ts'

export type Algorithm = 'sha256' | 'sha512'

const DIGEST = /^(?:sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128})$/

export function isDigest(text: string): boolean {
  return DIGEST.test(text)
}

/** Tells a digest, well-formed or not, from a tag, which never contains a colon. */
export function looksLikeDigest(reference: string): boolean {
  return reference.includes(':')
}

/** Throws `invalid_digest` unless the text is a digest. */
export function checkDigest(text: string): void {
  if (isDigest(text)) return
  throw new OciError('invalid_digest', `"${text.slice(0, 200)}" is not a sha256 or sha512 digest`)
}

/** Throws `invalid_digest`. */
export function algorithmOf(digest: string): Algorithm {
  checkDigest(digest)
  return digest.startsWith('sha256:') ? 'sha256' : 'sha512'
}

export function digestOf(bytes: Uint8Array, algorithm: Algorithm = 'sha256'): string {
  return digestFrom(createHash(algorithm).update(bytes), algorithm)
}

/** Finalizes the hash, which cannot be used afterwards. */
export function digestFrom(hash: Hash, algorithm: Algorithm): string {
  return `${algorithm}:${hash.digest('hex')}`
}
