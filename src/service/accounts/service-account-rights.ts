import { AppError } from '../../core/errors.ts'
import { findPrincipalNamed } from '../../database/access/principals.ts'
import type { Reader } from '../../database/connection.ts'
import { EVERYTHING, type Pattern, parsePattern } from '../../domain/access/pattern.ts'
import type { Principal } from '../../domain/access/principal.ts'
import { type Actor, isPrincipal } from '../access/actor.ts'
import { can, grantsOfPrincipal, type Policy } from '../access/policy.ts'
import { requireAll, requirePermission } from '../access/require-permission.ts'

/** The repositories whose administrators manage a service account. */
export function scopeOf({ scope }: Pick<Principal, 'scope'>): Pattern {
  return scope === undefined ? EVERYTHING : parsePattern(scope)
}

export function seesServiceAccount(policy: Policy, actor: Actor, account: Principal): boolean {
  if (isPrincipal(actor) && actor.principalId === account.id) return true
  return (
    can(policy, actor, 'admin', scopeOf(account)).allowed ||
    can(policy, actor, 'server.audit', 'server').allowed
  )
}

/** Throws `not_found` for a service account that does not exist, or that the actor may not know of. */
export async function visibleServiceAccount(
  db: Reader,
  policy: Policy,
  actor: Actor,
  name: string,
): Promise<Principal> {
  const account = await findPrincipalNamed(db, 'serviceaccount', name)
  if (account && seesServiceAccount(policy, actor, account)) return account
  throw new AppError('not_found', `there is no service account ${name}`)
}

/** Throws `forbidden` for an account that the actor does not manage. */
export function requireManager(policy: Policy, actor: Actor, account: Principal): void {
  requirePermission(policy, actor, 'admin', scopeOf(account))
}

/**
 * Throws `forbidden` for an account that the actor does not manage, or that has rights that the actor lacks, which it
 * would get by a token of the account.
 */
export function requireRightsOf(policy: Policy, actor: Actor, account: Principal): void {
  requireManager(policy, actor, account)
  requireAll(policy, actor, grantsOfPrincipal(policy, account.id))
}
