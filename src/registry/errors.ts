/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#error-codes */
import type { OciErrorCode } from '../oci/errors.ts'

/** The error codes of the spec, each with its HTTP status and the error that callers in this process get. */
export const REGISTRY_ERRORS = {
  BLOB_UNKNOWN: { status: 404, oci: 'not_found' },
  BLOB_UPLOAD_INVALID: { status: 400, oci: 'unsupported' },
  BLOB_UPLOAD_UNKNOWN: { status: 404, oci: 'not_found' },
  DENIED: { status: 403, oci: 'denied' },
  DIGEST_INVALID: { status: 400, oci: 'digest_mismatch' },
  MANIFEST_BLOB_UNKNOWN: { status: 404, oci: 'not_found' },
  MANIFEST_INVALID: { status: 400, oci: 'invalid_manifest' },
  MANIFEST_UNKNOWN: { status: 404, oci: 'not_found' },
  NAME_INVALID: { status: 400, oci: 'invalid_reference' },
  NAME_UNKNOWN: { status: 404, oci: 'not_found' },
  PAGINATION_NUMBER_INVALID: { status: 400, oci: 'unsupported' },
  SIZE_INVALID: { status: 400, oci: 'size_mismatch' },
  TAG_INVALID: { status: 400, oci: 'invalid_reference' },
  TOOMANYREQUESTS: { status: 429, oci: 'unavailable' },
  UNSUPPORTED: { status: 405, oci: 'unsupported' },
} as const satisfies Record<string, { status: number; oci: OciErrorCode }>

export type RegistryErrorCode = keyof typeof REGISTRY_ERRORS

export class RegistryError extends Error {
  readonly code: RegistryErrorCode
  /** The status of the code, unless the error was created with another one. */
  readonly status: number
  readonly headers: Readonly<Record<string, string>>

  constructor(
    code: RegistryErrorCode,
    message: string,
    options: { status?: number; headers?: Record<string, string>; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'RegistryError'
    this.code = code
    this.status = options.status ?? REGISTRY_ERRORS[code].status
    this.headers = options.headers ?? {}
  }
}

/** Returns an error that asks the client to retry after some seconds. */
export function busy(message: string, seconds = 1): RegistryError {
  return new RegistryError('TOOMANYREQUESTS', message, {
    status: 503,
    headers: { 'Retry-After': String(seconds) },
  })
}
