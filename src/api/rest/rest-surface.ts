import type { Context, Env, Hono } from 'hono'
import { AppError } from '../../core/errors.ts'
import { challenge } from '../../http/challenge.ts'
import { RETRY_FAILURE_AFTER } from '../../http/failure-limit.ts'
import { RETRY_AFTER } from '../../http/load-shedding.ts'
import { methodsAt } from '../../http/operation.ts'
import { ClientGoneError, clientGoneResponse } from '../../http/request-body.ts'
import { requestedPath } from '../../http/request-path.ts'
import type { Surface } from '../../http/surface.ts'
import { type ProblemCode, problem, problemOf, respondProblem } from './problem.ts'

/** Responds with problem documents, and with 405 for a path of the app that has other methods. */
export function restSurface(app: Hono<Env>, onInternalError: (error: unknown, c: Context) => void): Surface {
  return {
    onError: (error, c) => {
      if (error instanceof ClientGoneError) return clientGoneResponse()
      const found = problemOf(error, c.get('operation')?.bodyTypes)
      if (found.status >= 500 && !isRefusal(error)) onInternalError(error, c)
      return respondProblem(c, found, headersOf(c, found.code))
    },
    notFound: (c) => {
      const { method, path } = c.req
      const allow = methodsAt(app, path).join(', ')
      if (allow === '')
        return respondProblem(
          c,
          problem('not_found', `there is no ${requestedPath(c)}; see /docs for the API`),
        )
      const detail = `${method} is not allowed on ${requestedPath(c)}; allowed are ${allow}`
      return respondProblem(c, problem('method_not_allowed', detail), { Allow: allow })
    },
  }
}

function headersOf(c: Context, code: ProblemCode): Record<string, string> {
  if (code === 'unauthenticated') return challenge(c)
  if (code === 'throttled') return { 'Retry-After': RETRY_FAILURE_AFTER }
  return code === 'overloaded' ? { 'Retry-After': RETRY_AFTER } : {}
}

/** Returns true for errors of a server that works, but has no room for the request: they are not reported. */
function isRefusal(error: unknown): boolean {
  return error instanceof AppError && ['overloaded', 'insufficient_storage'].includes(error.code)
}
