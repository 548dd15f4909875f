import { OciError } from '../errors.ts'

/** A failure after which a retry of the same request may succeed. */
export class TransientError extends OciError {
  /** Milliseconds that the registry asks the client to wait. */
  readonly retryAfter: number | undefined

  constructor(message: string, options: { cause?: unknown; retryAfter?: number | undefined } = {}) {
    super('unavailable', message, options.cause)
    this.retryAfter = options.retryAfter
  }
}

/** Readable reasons for the error codes of connections. */
const REASONS: Record<string, string> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'no route to the network',
  ENOTFOUND: 'no such host',
  EPIPE: 'connection closed',
  ETIMEDOUT: 'connection timed out',
  EAI_AGAIN: 'temporary failure of name resolution',
}

/** Returns the `unavailable` error for a failed connection, transient if a retry may help. */
export function connectionError(error: unknown, method: string, url: URL): OciError {
  if (error instanceof OciError) return error
  const { code = '', message } = firstOf(error)
  const what = `${method} ${url.origin}${url.pathname}: cannot reach ${url.host}`
  if (isTlsFailure(code, message)) {
    const advice = 'Check that it serves TLS, and that this machine trusts its certificate.'
    return new OciError('unavailable', `${what}: TLS failed with "${tlsReason(message)}". ${advice}`, error)
  }
  const reason = `${what}: ${REASONS[code] ?? message}${code ? ` (${code})` : ''}`
  if (code === 'ENOTFOUND') return new OciError('unavailable', reason, error)
  return new TransientError(reason, { cause: error })
}

/** A host with several addresses fails with one error for each. */
function firstOf(error: unknown): { code?: string; message: string } {
  const first = error instanceof AggregateError ? error.errors[0] : error
  return first instanceof Error ? (first as NodeJS.ErrnoException) : { message: String(error) }
}

/** Strips the source location from a message of OpenSSL. */
function tlsReason(message: string): string {
  return /SSL routines:[^:]*:([^:]+):/.exec(message)?.[1] ?? message.trim()
}

function isTlsFailure(code: string, message: string): boolean {
  return /CERT|SSL|TLS|SELF_SIGNED|UNABLE_TO_/.test(code) || /\b(?:SSL|TLS)\b/.test(message)
}
