import { AppError } from '../../core/errors.ts'
import { type Grant, missingToGive } from '../../domain/access/grant.ts'
import type { Permission } from '../../domain/access/permission.ts'
import { type Actor, isPrincipal } from './actor.ts'
import { can, type Policy, rightsOf, type Target, targetText } from './policy.ts'

/**
 * Throws `forbidden`, naming what is missing, unless the actor has the permission; `unauthenticated` for an anonymous one,
 * whom credentials may help.
 */
export function requirePermission(
  policy: Policy,
  actor: Actor,
  permission: Permission,
  target: Target,
): void {
  if (!can(policy, actor, permission, target).allowed) throw lacks(actor, permission, target)
}

/** The refusal of an actor without a permission. */
export function lacks(actor: Actor, permission: Permission, target: Target): AppError {
  const needed = `this needs the permission ${permission}${placeOf(target)}`
  if (actor.kind === 'anonymous') {
    return new AppError('unauthenticated', `${needed}: log in, or use the token of an account that has it`)
  }
  return new AppError(
    'forbidden',
    `${needed}, which ${holderOf(actor)} lacks: an administrator can bind a role that has it`,
  )
}

/** The refusal of an actor that may not read something: the same whether it exists or not. */
export function hidden(actor: Actor, name: string): AppError {
  return new AppError('not_found', `there is no ${name}, or ${actor.name} may not read it`)
}

/** Throws `forbidden` unless the actor has all that the grants give: no caller gives more than it has. */
export function requireAll(policy: Policy, actor: Actor, given: readonly Grant[]): void {
  const missing = missingToGive(rightsOf(policy, actor).grants, given)
  if (!missing) return
  throw new AppError(
    'forbidden',
    `this would give the permission ${missing.permission}${placeOf(missing.area)}, which ${holderOf(actor)} lacks: only a caller that has it can give it`,
  )
}

function holderOf(actor: Actor): string {
  return isPrincipal(actor) && actor.token ? `the token of ${actor.name}, or ${actor.name},` : actor.name
}

function placeOf(target: Target): string {
  const text = targetText(target)
  return text === '' ? '' : ` for ${text}`
}
