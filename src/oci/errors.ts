/** Failures of an OCI store. The codes know no transport: the memory store and the remote client share them. */
export type OciErrorCode =
  /** The content or the reference does not exist. */
  | 'not_found'
  /** Content is not what its descriptor says. */
  | 'digest_mismatch'
  | 'size_mismatch'
  /** More than the reader is willing to hold. */
  | 'size_exceeded'
  | 'invalid_digest'
  | 'invalid_reference'
  | 'invalid_manifest'
  /** The store refuses: not allowed, or not able to. */
  | 'denied'
  | 'unsupported'
  /** The store cannot be reached, or failed; the same call may succeed later. */
  | 'unavailable'

export class OciError extends Error {
  readonly code: OciErrorCode

  constructor(code: OciErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'OciError'
    this.code = code
  }
}

export function isNotFound(error: unknown): boolean {
  return error instanceof OciError && error.code === 'not_found'
}
