/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#error-codes */
import { OciError, type OciErrorCode } from '../errors.ts'
import { asRecord } from '../json.ts'
import { readJson } from './response.ts'
import { parseRetryAfter } from './retry.ts'
import { TransientError } from './transient-error.ts'
import { type HttpResponse, redacted } from './transport.ts'

/** The codes of the specification that are more precise than the status. */
const BY_CODE: Record<string, OciErrorCode> = {
  BLOB_UNKNOWN: 'not_found',
  BLOB_UPLOAD_UNKNOWN: 'not_found',
  DENIED: 'denied',
  DIGEST_INVALID: 'digest_mismatch',
  MANIFEST_BLOB_UNKNOWN: 'not_found',
  MANIFEST_INVALID: 'invalid_manifest',
  MANIFEST_UNKNOWN: 'not_found',
  NAME_INVALID: 'invalid_reference',
  NAME_UNKNOWN: 'not_found',
  SIZE_INVALID: 'size_mismatch',
  UNSUPPORTED: 'unsupported',
}

const TRANSIENT: readonly number[] = [408, 429, 500, 502, 503, 504]

/** Length at which a message from a registry is cut off. */
const MAX_MESSAGE = 500

type ErrorBody = { code?: string; message?: string }

/**
 * Returns the error for a response with an unexpected status. `authorization` is the header of the request, which is
 * masked in the registry's message.
 */
export async function errorOf(
  response: HttpResponse,
  options: { now: number; authorization?: string | undefined },
): Promise<OciError> {
  const { status, method, url } = response
  const { code, message } = await errorBody(response)
  const detail = message === undefined ? '' : ` ${withoutSecrets(message, options).slice(0, MAX_MESSAGE)}`
  const text = `${method} ${redacted(url)}: ${status}${detail}`
  if (TRANSIENT.includes(status)) {
    const retryAfter = parseRetryAfter(response.headers.get('Retry-After'), options.now)
    return new TransientError(text, { retryAfter })
  }
  return new OciError((code !== undefined && BY_CODE[code]) || codeOfStatus(status), text)
}

function codeOfStatus(status: number): OciErrorCode {
  if (status === 404) return 'not_found'
  if (status >= 500 && status !== 501) return 'unavailable'
  if (status === 401 || status === 403 || status === 409 || status === 412) return 'denied'
  return 'unsupported'
}

/** Reads the first error of a response; empty if there is none or it cannot be read. */
export async function errorBody(response: HttpResponse): Promise<ErrorBody> {
  try {
    const { errors } = await readJson(response)
    const { code, message } = asRecord(Array.isArray(errors) ? errors[0] : undefined)
    return {
      ...(typeof code === 'string' && { code }),
      ...(typeof message === 'string' && { message }),
    }
  } catch {
    return {}
  }
}

function withoutSecrets(text: string, { authorization }: { authorization?: string | undefined }): string {
  const value = authorization?.slice(authorization.indexOf(' ') + 1) ?? ''
  const plain = authorization?.startsWith('Basic ') ? Buffer.from(value, 'base64').toString() : ''
  const password = plain.slice(plain.indexOf(':') + 1)
  return [value, plain, password]
    .filter((secret) => secret !== '')
    .reduce((rest, secret) => rest.replaceAll(secret, '…'), text)
}
