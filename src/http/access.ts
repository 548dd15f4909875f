import type { Context, MiddlewareHandler } from 'hono'
import { actorOf } from '../api/rest/api.ts'
import { problem, respondProblem } from '../api/rest/problem.ts'
import type { Actor } from '../service/access/actor.ts'
import { requestScopes, type Scope } from './request-scopes.ts'

declare module 'hono' {
  interface ContextVariableMap {
    /** Why who calls may not do that; undefined where he may. */
    refusal: (scope: Scope) => Promise<string | undefined>
  }
}

/** Says why somebody may not do something; undefined where he may. */
export type AccessPolicy = (actor: Actor, scope: Scope) => Promise<string | undefined>

/** There are no users yet: whoever reaches the server may do everything. */
export const EVERYBODY: AccessPolicy = async () => undefined

/** Lets through what the policy allows: every request of `/v2` and REST comes by here. */
export function access(policy: AccessPolicy): MiddlewareHandler {
  return async function access(c, next) {
    c.set('refusal', (scope) => policy(actorOf(c), scope))
    for (const scope of requestScopes(c.req.method, ...pathAndQuery(c.req.url))) {
      const reason = await c.var.refusal(scope)
      if (reason !== undefined) return refused(c, reason)
    }
    return next()
  }
}

/** Of a URL with a host. Clusters ask so often that it is not parsed as a whole. */
function pathAndQuery(url: string): [path: string, query: URLSearchParams] {
  const start = url.indexOf('/', url.indexOf('//') + 2)
  const end = url.indexOf('?', start)
  return end === -1
    ? [url.slice(start), new URLSearchParams()]
    : [url.slice(start, end), new URLSearchParams(url.slice(end))]
}

function refused(c: Context, reason: string): Response {
  if (!c.req.path.startsWith('/v2')) return respondProblem(c, problem('forbidden', reason))
  // https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#error-codes
  return c.json({ errors: [{ code: 'DENIED', message: reason }] }, 403)
}
