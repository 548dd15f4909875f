import type { Context, Env, Hono, MiddlewareHandler } from 'hono'
import { matchedRoutes } from 'hono/route'
import type { Logger } from 'pino'
import { AppError } from '../core/errors.ts'
import { routed } from '../core/origin.ts'
import type { Actor } from '../service/access/actor.ts'
import { operationsOf } from './operation.ts'
import { actionsOf, type Scope } from './scope.ts'

declare module 'hono' {
  interface ContextVariableMap {
    policy: AccessPolicy
    onDenied: OnDenied
  }
}

/** Returns why the actor lacks the scope; undefined if the actor has it. */
export type AccessPolicy = (actor: Actor, scope: Scope) => Promise<string | undefined>

/** Is called before a refusal is answered. */
export type OnDenied = (actor: Actor, scope: Scope) => Promise<void>

/** There are no users yet: every caller may do everything. */
export const ALLOW_ALL: AccessPolicy = async () => undefined

/**
 * Finds the operation of each request, and asks the policy for what it needs. Throws `forbidden` for a route that
 * declares no operation.
 */
export function access(
  app: Hono<Env>,
  policy: AccessPolicy,
  log: Logger,
  onDenied: OnDenied,
): MiddlewareHandler {
  let operations: ReturnType<typeof operationsOf> | undefined
  return async function access(c, next) {
    // On the first request the app has all of its routes.
    operations ??= operationsOf(app)
    c.set('policy', policy)
    c.set('onDenied', onDenied)
    const routes = matchedRoutes(c)
    for (let at = c.req.routeIndex + 1; at < routes.length; at++) {
      const route = routes[at]
      if (!route || !operations.has(route)) continue
      const operation = operations.get(route)
      if (!operation) {
        log.error(
          { method: route.method, route: route.path },
          'request refused: its route declares no operation; declare one with register() or defineRoute()',
        )
        throw new AppError(
          'forbidden',
          'the server does not know which permission this needs, so it is refused',
        )
      }
      c.set('operation', operation)
      routed(route.path)
      // Path parameters belong to a route; Hono sets the index again before it calls the next handler.
      c.req.routeIndex = at
      for (const action of actionsOf(operation.needs)) {
        const repository = operation.needs[action]?.(c)
        if (repository !== undefined) await authorize(c, { repository, action })
      }
      return next()
    }
    return next()
  }
}

/** Throws `forbidden` unless the caller has the scope. */
export async function authorize(c: Context, scope: Scope): Promise<void> {
  const reason = await c.get('policy')(actorOf(c), scope)
  if (reason === undefined) return
  await c.get('onDenied')(actorOf(c), scope)
  throw new AppError('forbidden', reason)
}

const ANONYMOUS: Actor = { name: 'anonymous' }

/** The caller; always anonymous for now. */
export function actorOf(_c: Context): Actor {
  return ANONYMOUS
}
