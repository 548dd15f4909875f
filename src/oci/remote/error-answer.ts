/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#error-codes */
import { OciError, type OciErrorCode } from '../errors.ts'
import { readJson } from './answer.ts'
import { parseRetryAfter } from './retry.ts'
import { TransientError } from './transient-error.ts'
import { type Answer, shown } from './transport.ts'

/** The codes of the specification that say more than the status. */
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

/** What a registry says of itself, in its own words, is cut off here. */
const MAX_MESSAGE = 500

type ErrorBody = { code?: string; message?: string }

/** The error for an answer that nobody expects. `authorization` is what the request was sent with: it is no part of it. */
export async function errorOf(
  answer: Answer,
  options: { now: number; authorization?: string | undefined },
): Promise<OciError> {
  const { status, method, url } = answer
  const { code, message } = await errorBody(answer)
  const said = message === undefined ? '' : ` ${withoutSecrets(message, options).slice(0, MAX_MESSAGE)}`
  const text = `${method} ${shown(url)}: ${status}${said}`
  if (TRANSIENT.includes(status)) {
    const retryAfter = parseRetryAfter(answer.headers.get('Retry-After'), options.now)
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

/** The first error in an answer; nothing where it has none. */
export async function errorBody(answer: Answer): Promise<ErrorBody> {
  try {
    const { errors } = (await readJson(answer)) as { errors: { code?: unknown; message?: unknown }[] }
    const { code, message } = errors[0] ?? {}
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
