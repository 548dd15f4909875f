/** Errors as RFC 9457 problem documents: the only place where the domain's errors meet HTTP. */
import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { AppError, type ErrorCode, type ErrorDetail, isDiskFull, shortened } from '../../core/errors.ts'

/** Codes of errors that only HTTP has, beside those of the domain. */
type HttpCode = 'method_not_allowed' | 'unsupported_media_type' | 'not_acceptable'

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
  expired: { status: 410, title: 'That is no longer kept' },
  invalid_archive: { status: 422, title: 'The archive cannot be accepted' },
  too_large: { status: 413, title: 'The content is too large' },
  not_available: { status: 409, title: 'Not possible with these settings of the server' },
  unavailable: { status: 503, title: 'Something that the server needs does not answer' },
  overloaded: { status: 503, title: 'The server has too much to do' },
  insufficient_storage: { status: 507, title: 'The disk is full, or nearly' },
  internal: { status: 500, title: 'The server failed' },
  forbidden: { status: 403, title: 'Not allowed' },
  method_not_allowed: { status: 405, title: 'The method is not possible here' },
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

/** More errors than this usually have a common cause. */
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

/** The problem document for an error. It discloses nothing about the inside of the server. */
export function problemOf(error: unknown): Problem {
  if (isDiskFull(error)) {
    const detail = error instanceof AppError ? error.message : 'The server has no room to store this.'
    return problem('insufficient_storage', `${detail} Nothing that was stored before is lost.`)
  }
  if (error instanceof AppError && error.code !== 'internal') {
    return problem(error.code, error.message, error.details)
  }
  if (error instanceof HTTPException) {
    if (error.status === 415) return problem('unsupported_media_type', unsupported(error.message))
    if (error.status === 413) return problem('too_large', error.message)
    if (error.status < 500) return problem('invalid', error.message)
  }
  return problem('internal', 'An unexpected failure; the log of the server has its cause.')
}

function unsupported(message: string): string {
  return message === 'Unsupported Media Type'
    ? 'Send a Content-Type that this call takes: the API document lists them.'
    : message
}
