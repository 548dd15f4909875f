/** Errors of the token service, as both of its protocols have them: https://www.rfc-editor.org/rfc/rfc6749#section-5.2 */
import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { AppError, type ErrorCode, shortened } from '../../core/errors.ts'
import { RETRY_FAILURE_AFTER } from '../../http/failure-limit.ts'
import { ClientGoneError, clientGoneResponse } from '../../http/request-body.ts'
import type { Surface } from '../../http/surface.ts'

type Refusal = { status: ContentfulStatusCode; error: string; code: string; headers?: Record<string, string> }

const REFUSALS: { [code in ErrorCode]?: Refusal } = {
  invalid: { status: 400, error: 'invalid_request', code: 'UNSUPPORTED' },
  too_large: { status: 413, error: 'invalid_request', code: 'UNSUPPORTED' },
  not_available: { status: 400, error: 'unsupported_grant_type', code: 'UNSUPPORTED' },
  unauthenticated: { status: 401, error: 'invalid_grant', code: 'UNAUTHORIZED' },
  forbidden: { status: 403, error: 'access_denied', code: 'DENIED' },
  conflict: { status: 409, error: 'invalid_request', code: 'DENIED' },
  unavailable: { status: 503, error: 'temporarily_unavailable', code: 'UNAVAILABLE' },
  overloaded: { status: 503, error: 'temporarily_unavailable', code: 'UNAVAILABLE' },
  insufficient_storage: { status: 507, error: 'temporarily_unavailable', code: 'UNAVAILABLE' },
  throttled: {
    status: 429,
    error: 'slow_down',
    code: 'TOOMANYREQUESTS',
    headers: { 'Retry-After': RETRY_FAILURE_AFTER },
  },
}

export function tokenSurface(onInternalError: (error: unknown, c: Context) => void): Surface {
  return {
    onError: (error, c) => {
      if (error instanceof ClientGoneError) return clientGoneResponse()
      const refusal = error instanceof AppError ? REFUSALS[error.code] : undefined
      if (refusal) return respond(c, refusal, error.message)
      if (error instanceof HTTPException) {
        return respond(
          c,
          { status: error.status, error: 'invalid_request', code: 'UNSUPPORTED' },
          error.message,
        )
      }
      onInternalError(error, c)
      const failure: Refusal = { status: 500, error: 'server_error', code: 'UNKNOWN' }
      return respond(c, failure, 'the token service failed; its log says why')
    },
    notFound: (c) => {
      const missing: Refusal = { status: 404, error: 'invalid_request', code: 'UNSUPPORTED' }
      return respond(c, missing, 'there is no such path: tokens of the registry are at /auth/token')
    },
  }
}

function respond(c: Context, { status, error, code, headers }: Refusal, text: string): Response {
  const message = shortened(text)
  const body = { error, error_description: message, errors: [{ code, message }] }
  return c.json(body, status, { 'Cache-Control': 'no-store', ...headers })
}
