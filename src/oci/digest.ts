/** https://github.com/opencontainers/image-spec/blob/v1.1.1/descriptor.md#digests */
import { createHash, type Hash } from 'node:crypto'
import { OciError } from './errors.ts'

export type Algorithm = 'sha256' | 'sha512'

const DIGEST = /^(?:sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128})$/

export function isDigest(text: string): boolean {
  return DIGEST.test(text)
}

/** Whether a reference is meant as a digest, well-formed or not: a tag has no colon. */
export function looksLikeDigest(reference: string): boolean {
  return reference.includes(':')
}

export function algorithmOf(digest: string): Algorithm {
  if (!isDigest(digest)) {
    throw new OciError('invalid_digest', `"${digest.slice(0, 200)}" is not a sha256 or sha512 digest`)
  }
  return digest.startsWith('sha256:') ? 'sha256' : 'sha512'
}

export function digestOf(bytes: Uint8Array, algorithm: Algorithm = 'sha256'): string {
  return digestFrom(createHash(algorithm).update(bytes), algorithm)
}

/** The digest of what a hash has taken in; the hash is used up. */
export function digestFrom(hash: Hash, algorithm: Algorithm): string {
  return `${algorithm}:${hash.digest('hex')}`
}
