/** The kind of failure, independent of the transport: every implementation of the roles throws the same codes. */
export type OciErrorCode =
  /** The content or the reference does not exist. */
  | 'not_found'
  /** The content does not match its descriptor. */
  | 'digest_mismatch'
  | 'size_mismatch'
  /** The content is larger than the reader allows. */
  | 'size_exceeded'
  | 'invalid_digest'
  | 'invalid_reference'
  | 'invalid_manifest'
  /** The store refuses: the caller lacks permission, or the state of the content forbids it. */
  | 'denied'
  /** The store does not implement the operation. */
  | 'unsupported'
  /** The store cannot be reached or failed; the same call may succeed later. */
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
