import type { Context, Env, Hono, MiddlewareHandler } from 'hono'
import { matchedRoutes } from 'hono/route'
import type { Logger } from 'pino'
import { AppError } from '../core/errors.ts'
import { type Actor, ANONYMOUS } from '../service/access/actor.ts'
import { operationsOf } from './operation.ts'
import { actionsOf, type Scope } from './scope.ts'

declare module 'hono' {
  interface ContextVariableMap {
    policy: AccessPolicy
  }
}

/** Returns why the actor lacks the scope; undefined if the actor has it. */
export type AccessPolicy = (actor: Actor, scope: Scope) => Promise<string | undefined>

/** There are no users yet: every caller may do everything. */
export const ALLOW_ALL: AccessPolicy = async () => undefined

/**
 * Finds the operation of each request, and asks the policy for what it needs. Throws `forbidden` for a route that
 * declares no operation.
 */
export function access(app: Hono<Env>, policy: AccessPolicy, log: Logger): MiddlewareHandler {
  let operations: ReturnType<typeof operationsOf> | undefined
  return async function access(c, next) {
    // On the first request the app has all of its routes.
    operations ??= operationsOf(app)
    c.set('policy', policy)
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

/** Throws `forbidden` unless the caller has the scope, and `unauthenticated` if a caller with credentials may have it. */
export async function authorize(c: Context, scope: Scope): Promise<void> {
  const reason = await c.get('policy')(actorOf(c), scope)
  if (reason !== undefined) throw new AppError(mayLogIn(c) ? 'unauthenticated' : 'forbidden', reason)
}

/** Whether the caller has the scope, also by what a registry token was given for. */
export async function permits(c: Context, scope: Scope): Promise<boolean> {
  const { repository: name, action } = scope
  if ((await c.get('policy')(actorOf(c), scope)) !== undefined) return false
  const { granted, open } = c.get('caller') ?? {}
  if (open || !granted) return true
  return c.get('withinToken')?.({ type: 'repository', name, actions: [action] }) ?? false
}

/** Whether the caller has no credentials yet, and they could help. */
export function mayLogIn(c: Context): boolean {
  return c.get('caller')?.open === false && actorOf(c).kind === 'anonymous'
}

/** The caller, as `authentication.ts` has found out. */
export function actorOf(c: Context): Actor {
  return c.get('caller')?.actor ?? ANONYMOUS
}
