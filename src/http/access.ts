import type { Context, Env, Hono, MiddlewareHandler } from 'hono'
import { matchedRoutes } from 'hono/route'
import type { Logger } from 'pino'
import { AppError } from '../core/errors.ts'
import { routed } from '../core/origin.ts'
import type { Permission } from '../domain/access/permission.ts'
import { seesAll } from '../domain/access/visible-set.ts'
import { type PackageId, parseRevisionName } from '../domain/names.ts'
import type { AccessControl } from '../service/access/access-control.ts'
import { type Actor, ANONYMOUS } from '../service/access/actor.ts'
import { type Caller, can, canInPart, type Target, targetText } from '../service/access/policy.ts'
import { hidden, lacks } from '../service/access/require-permission.ts'
import { seesRevision } from '../service/access/sees-revision.ts'
import { visibleTo } from '../service/access/visible.ts'
import { operationsOf } from './operation.ts'
import {
  A_CALLER,
  AN_ACCOUNT,
  type Needs,
  NOTHING,
  type Place,
  type PlaceOf,
  revisionPlace,
} from './scope.ts'

declare module 'hono' {
  interface ContextVariableMap {
    access: Caller & { control: AccessControl }
    onDenied: OnDenied
    /** Whether the refusal of this request is recorded. */
    denied: boolean | undefined
  }
}

/** Is called before a refusal is answered. `repository` is an OCI repository, or empty for the server. */
export type OnDenied = (
  actor: Actor,
  denied: { code: string; missing?: Permission; repository?: string; reason?: string },
) => Promise<void>

/**
 * Finds the operation of each request, and asks the policy for what it needs. Throws `forbidden` for a route that
 * declares no operation.
 */
export function access(
  app: Hono<Env>,
  { control, onDenied }: { control: AccessControl; onDenied: OnDenied },
  log: Logger,
): MiddlewareHandler {
  let operations: ReturnType<typeof operationsOf> | undefined
  return async function access(c, next) {
    // On the first request the app has all of its routes.
    operations ??= operationsOf(app)
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
      if (operation.needs === NOTHING) return next()
      const fault = c.get('sessionFault')
      if (fault) throw fault
      routed(route.path)
      c.set('onDenied', onDenied)
      c.set('access', { control, actor: c.get('caller')?.actor ?? ANONYMOUS, policy: await control.policy() })
      // Path parameters belong to a route; Hono sets the index again before it calls the next handler.
      c.req.routeIndex = at
      await checkNeeds(c, operation.needs)
      return next()
    }
    return next()
  }
}

/** The caller. */
export function actorOf(c: Context): Actor {
  return c.get('access').actor
}

/** The caller with the policy that decides about the request. */
export function callerOf(c: Context): Caller {
  return c.get('access')
}

/** Throws unless the caller has the permission: `unauthenticated`, `not_found` for what may not be read, or `forbidden`. */
export async function authorize(c: Context, permission: Permission, place: Place): Promise<void> {
  const refusal = await refusalAt(c.get('access'), permission, place)
  if (refusal) await refuse(c, refusal, permission, place)
}

/** Throws unless the caller may read a revision, given by its name, or what is published of a package. */
export async function authorizeReading(c: Context, source: string | PackageId): Promise<void> {
  const place = typeof source === 'string' ? revisionPlace(source) : packageOf(source)
  await authorize(c, 'read', place)
}

/** Whether the caller may read an OCI repository, also by what a registry token was given for. */
export async function mayRead(c: Context, name: string, target: Target): Promise<boolean> {
  const { policy, actor } = c.get('access')
  if (!can(policy, actor, 'read', target).allowed) return false
  const { granted, open } = c.get('caller') ?? {}
  if (open || !granted) return true
  return (await c.get('withinToken')?.({ type: 'repository', name, actions: ['pull'] })) ?? false
}

/**
 * Records a refusal by a use case. What is missing counts as one where it may be hidden: the record does not tell which of
 * both it was.
 */
export async function recordDenial(c: Context, error: unknown): Promise<void> {
  const caller = c.get('access')
  if (!(error instanceof AppError) || !caller || caller.policy.open || c.get('denied')) return
  const { code, message } = error
  const { actor } = caller
  if (code === 'forbidden') await c.get('onDenied')(actor, { code, reason: message })
  if (code === 'not_found' && isKnown(caller) && !seesAll(visibleTo(caller)))
    await c.get('onDenied')(actor, { code })
}

async function checkNeeds(c: Context, needs: Exclude<Needs, typeof NOTHING>): Promise<void> {
  const caller = c.get('access')
  if (needs === A_CALLER) return
  if (needs === AN_ACCOUNT) {
    if (caller.policy.open || isKnown(caller)) return
    throw unauthenticated()
  }
  let first: { refusal: AppError; permission: Permission; place: Place } | undefined
  for (const [permission, placeOf] of Object.entries(needs) as [Permission, PlaceOf][]) {
    const place = placeOf(c)
    const refusal = await refusalAt(caller, permission, place)
    if (!refusal) return
    first ??= { refusal, permission, place }
  }
  if (first) await refuse(c, first.refusal, first.permission, first.place)
  throw new AppError('forbidden', 'this operation is not possible for any caller')
}

/** A caller that has sent no credentials yet is only asked for them. */
async function refuse(c: Context, refusal: AppError, missing: Permission, place: Place): Promise<never> {
  const { code } = refusal
  if (code !== 'unauthenticated') {
    const target = targetOf(place)
    const repository = target === 'server' ? '' : targetText(target)
    c.set('denied', true)
    await c.get('onDenied')(c.get('access').actor, { code, missing, repository })
  }
  throw refusal
}

async function refusalAt(
  caller: Caller & { control: AccessControl },
  permission: Permission,
  place: Place,
): Promise<AppError | undefined> {
  const { control, policy, actor } = caller
  if (!isAllowed(caller, permission, place)) {
    if (!isKnown(caller)) return unauthenticated()
    if (permission === 'read' || permission === 'draft.read') return hidden(actor, nameOf(place))
    // It is missing everywhere, where any place would do.
    return lacks(actor, permission, place !== 'server' && 'partOf' in place ? 'server' : targetOf(place))
  }
  if (place === 'server' || !('revision' in place)) return undefined
  return (await seesRevision(control, policy, actor, place.revision))
    ? undefined
    : hidden(actor, nameOf(place))
}

function isAllowed(caller: Caller, permission: Permission, place: Place): boolean {
  const { policy, actor } = caller
  if (place !== 'server' && 'partOf' in place) return canInPart(policy, actor, permission, place.partOf)
  if (place !== 'server' && 'listOf' in place) {
    return isKnown(caller) || canInPart(policy, actor, permission, place.listOf)
  }
  return can(policy, actor, permission, targetOf(place)).allowed
}

function isKnown({ actor }: Caller): boolean {
  return actor.kind !== undefined && actor.kind !== 'anonymous'
}

function targetOf(place: Place): Target {
  if (place === 'server') return place
  if ('revision' in place) return packageOf(parseRevisionName(place.revision))
  if ('partOf' in place) return place.partOf
  return 'listOf' in place ? place.listOf : place
}

function packageOf({ repository, package: path }: PackageId): Target {
  return { repository, package: path }
}

function unauthenticated(): AppError {
  return new AppError('unauthenticated', 'this needs an account: log in, or send a token')
}

function nameOf(place: Place): string {
  return place !== 'server' && 'revision' in place ? place.revision : targetText(targetOf(place))
}
