/** Errors of the tree: a line of text for curl and its like, as Glasskube's clients only look at the status. */
import type { Context, Env, Hono } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { passwordChallenge } from '../../http/challenge.ts'
import { RETRY_FAILURE_AFTER } from '../../http/failure-limit.ts'
import { RETRY_AFTER } from '../../http/load-shedding.ts'
import { methodsAt } from '../../http/operation.ts'
import { ClientGoneError, clientGoneResponse } from '../../http/request-body.ts'
import { requestedPath } from '../../http/request-path.ts'
import type { Surface } from '../../http/surface.ts'
import { type ProblemCode, problem, problemOf } from '../rest/problem.ts'

const HEADERS: { [code in ProblemCode]?: Record<string, string> } = {
  unauthenticated: passwordChallenge(),
  throttled: { 'Retry-After': RETRY_FAILURE_AFTER },
  overloaded: { 'Retry-After': RETRY_AFTER },
  unavailable: { 'Retry-After': RETRY_AFTER },
}

export function treeSurface(app: Hono<Env>, onInternalError: (error: unknown, c: Context) => void): Surface {
  return {
    onError: (error, c) => {
      if (error instanceof ClientGoneError) return clientGoneResponse()
      const found = problemOf(error)
      if (found.status >= 500 && found.code !== 'overloaded') onInternalError(error, c)
      return respond(c, found, HEADERS[found.code])
    },
    notFound: (c) => {
      const allow = methodsAt(app, c.req.path).join(', ')
      if (allow !== '') {
        const refusal = problem('method_not_allowed', 'the files of a repository can only be read here')
        return respond(c, refusal, { Allow: allow })
      }
      const detail = `there is no ${requestedPath(c)}; a repository has /glasskube/<repository>/index.yaml, and below it <package>/versions.yaml and <package>/<version>/package.yaml`
      return respond(c, problem('not_found', detail))
    },
  }
}

/** A cache may not keep it: for another caller, or a moment later, the file may be there. */
function respond(c: Context, { status, detail }: ReturnType<typeof problem>, headers = {}): Response {
  return c.body(`${detail}\n`, status as ContentfulStatusCode, {
    'Content-Type': 'text/plain; charset=utf-8',
    'Cache-Control': 'no-store',
    ...headers,
  })
}
