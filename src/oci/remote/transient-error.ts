import { OciError } from '../errors.ts'

/** A failure that the same request may not meet when it is made again. */
export class TransientError extends OciError {
  /** What the registry asks to wait, in milliseconds. */
  readonly retryAfter: number | undefined

  constructor(message: string, options: { cause?: unknown; retryAfter?: number | undefined } = {}) {
    super('unavailable', message, options.cause)
    this.retryAfter = options.retryAfter
  }
}

/** What the codes of failed connections mean to somebody who does not know them. */
const PLAIN: Record<string, string> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the connection broke',
  EHOSTUNREACH: 'there is no way to it',
  ENETUNREACH: 'there is no way to it',
  ENOTFOUND: 'there is no host of that name',
  EPIPE: 'the connection broke',
  ETIMEDOUT: 'it does not answer',
  EAI_AGAIN: 'its name cannot be looked up at the moment',
}

/** The `unavailable` error for a connection that failed; transient where another try may help. */
export function connectionError(error: unknown, method: string, url: URL): OciError {
  if (error instanceof OciError) return error
  const { code = '', message } = firstOf(error)
  const what = `${method} ${url.origin}${url.pathname}: the registry at ${url.host} cannot be reached`
  if (isTlsFailure(code, message)) {
    const advice = 'Check that it speaks TLS, its certificate, and that this machine trusts who issued it'
    return new OciError(
      'unavailable',
      `${what} safely: TLS failed with "${tlsReason(message)}". ${advice}`,
      error,
    )
  }
  const reason = `${what}: ${PLAIN[code] ?? message}${code ? ` (${code})` : ''}`
  if (code === 'ENOTFOUND') return new OciError('unavailable', reason, error)
  return new TransientError(reason, { cause: error })
}

/** A host with several addresses fails with an error for each. */
function firstOf(error: unknown): { code?: string; message: string } {
  const first = error instanceof AggregateError ? error.errors[0] : error
  return first instanceof Error ? (first as NodeJS.ErrnoException) : { message: String(error) }
}

/** What OpenSSL means, without where in its sources it came to say it. */
function tlsReason(message: string): string {
  return /SSL routines:[^:]*:([^:]+):/.exec(message)?.[1] ?? message.trim()
}

function isTlsFailure(code: string, message: string): boolean {
  return /CERT|SSL|TLS|SELF_SIGNED|UNABLE_TO_/.test(code) || /\b(?:SSL|TLS)\b/.test(message)
}
