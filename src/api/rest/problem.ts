/** Errors as RFC 9457 problem documents: the only place where the errors of domain and service meet HTTP. */
import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { AppError, type ErrorCode, type ErrorDetail, isDiskFull, shortened } from '../../core/errors.ts'
import { phrase } from './remedies.ts'

/** Codes of errors that only HTTP has. */
type HttpCode = 'method_not_allowed' | 'uri_too_long' | 'unsupported_media_type' | 'not_acceptable'

export const PROBLEMS: Record<ErrorCode | HttpCode, { status: ContentfulStatusCode; title: string }> = {
  invalid: { status: 400, title: 'The request is not valid' },
  not_found: { status: 404, title: 'There is no such object' },
  already_exists: { status: 409, title: 'The object exists already' },
  wrong_lifecycle: { status: 409, title: 'Not possible in this state of the lifecycle' },
  not_ready: { status: 409, title: 'The package is not ready' },
  in_use: { status: 409, title: 'The object is in use' },
  conflict: { status: 409, title: 'The request conflicts with what is there' },
  precondition_required: { status: 428, title: 'The header If-Match is missing' },
  precondition_failed: { status: 412, title: 'The object has changed' },
  expired: { status: 410, title: 'The changes are no longer kept' },
  invalid_archive: { status: 422, title: 'The archive cannot be accepted' },
  too_large: { status: 413, title: 'The content is too large' },
  not_available: { status: 409, title: 'Not possible with these settings of the server' },
  unavailable: { status: 503, title: 'The server needs something that does not answer' },
  overloaded: { status: 503, title: 'The server has too much to do' },
  insufficient_storage: { status: 507, title: 'The disk is full, or nearly full' },
  internal: { status: 500, title: 'The server failed' },
  unauthenticated: { status: 401, title: 'The caller is not known' },
  forbidden: { status: 403, title: 'Not allowed' },
  method_not_allowed: { status: 405, title: 'The method is not possible here' },
  uri_too_long: { status: 414, title: 'The path is too long' },
  unsupported_media_type: { status: 415, title: 'The Content-Type is not supported' },
  not_acceptable: { status: 406, title: 'The content is not available in that type' },
}

export type ProblemCode = keyof typeof PROBLEMS

export type Problem = {
  type: string
  title: string
  status: number
  detail: string
  code: ProblemCode
  errors?: readonly ErrorDetail[]
}

/** More faults than this have one cause. */
const MAX_ERRORS = 200

export function problem(code: ProblemCode, detail: string, errors: readonly ErrorDetail[] = []): Problem {
  const { status, title } = PROBLEMS[code]
  const base = { type: `urn:pkgserver:problem:${code}`, title, status, detail: shortened(detail), code }
  if (errors.length === 0) return base
  const shown = errors.slice(0, MAX_ERRORS).map(({ path, message, ...place }) => ({
    path: shortened(path),
    ...place,
    message: shortened(message),
  }))
  return { ...base, errors: shown }
}

export function respondProblem(
  c: Context,
  { status, ...rest }: Problem,
  headers: Record<string, string> = {},
): Response {
  return c.body(JSON.stringify({ ...rest, status }), status as ContentfulStatusCode, {
    'Content-Type': 'application/problem+json',
    ...headers,
  })
}

/**
 * Returns what the client reads of an error. Details of the server's own failures stay in its log. `bodyTypes`: the
 * content types that the call takes.
 */
export function problemOf(error: unknown, bodyTypes: readonly string[] = []): Problem {
  if (isDiskFull(error)) {
    const detail = error instanceof AppError ? error.message : 'The server has no space left to store this.'
    return problem('insufficient_storage', `${detail} Nothing that was stored before is lost.`)
  }
  if (error instanceof AppError && error.code !== 'internal') {
    return problem(error.code, detailOf(error), error.details.map(inRequest))
  }
  if (error instanceof HTTPException) {
    if (error.status === 415) return problem('unsupported_media_type', unsupported(bodyTypes))
    if (error.status === 414) return problem('uri_too_long', error.message)
    if (error.status === 413) return problem('too_large', error.message)
    if (error.status < 500) return problem('invalid', error.message)
  }
  return problem('internal', "An unexpected failure: the server's log has the cause.")
}

function detailOf({ message, remedy }: AppError): string {
  if (!remedy) return message
  return `${message}${/[.!?]$/.test(message) ? '' : '.'} ${phrase(remedy)}`
}

/** Names a field as validation does: its path in the body. */
function inRequest(detail: AppError['details'][number]): ErrorDetail {
  return 'field' in detail ? { path: `body.${detail.field}`, message: detail.message } : detail
}

function unsupported(bodyTypes: readonly string[]): string {
  const types = bodyTypes.join(' or ')
  return `This call takes ${types}: say so in the header Content-Type, as with curl -H 'Content-Type: ${bodyTypes[0]}'.`
}
