import { AppError } from '../../core/errors.ts'
import { findPrincipal, findPrincipalNamed } from '../../database/access/principals.ts'
import type { Reader } from '../../database/connection.ts'
import { actorName, type Principal, type PrincipalKind } from '../../domain/access/principal.ts'
import { isWithin, limitsOf, type Token } from '../../domain/access/token.ts'
import { type Actor, isPrincipal } from '../access/actor.ts'
import { can, type Policy } from '../access/policy.ts'
import { requirePermission } from '../access/require-permission.ts'
import { requireRightsOf, scopeOf, seesServiceAccount } from './service-account-rights.ts'

/** Whose tokens are meant; undefined for the actor's own. */
export type TokenOwner = { kind: PrincipalKind; name: string } | undefined

/**
 * Throws `not_found` for an owner of whose tokens the actor may not know, and `forbidden` for a caller without an account,
 * or with a token that is not for tokens.
 */
export async function visibleOwner(
  db: Reader,
  policy: Policy,
  actor: Actor,
  owner: TokenOwner,
): Promise<Principal> {
  const found = owner ? await findPrincipalNamed(db, owner.kind, owner.name) : await ownPrincipal(db, actor)
  if (found && isOwn(actor, found)) requirePermission(policy, actor, 'tokens', 'server')
  if (found && seesTokens(policy, actor, found)) return found
  const what = owner?.kind === 'serviceaccount' ? 'service account' : 'user'
  throw new AppError('not_found', `there is no ${what} ${owner?.name ?? actor.name}`)
}

/** Throws `forbidden` unless the actor may make a token for an owner: for itself, or for an account that it manages. */
export function requireTokenMaker(policy: Policy, actor: Actor, owner: Principal): void {
  if (isPrincipal(actor) && actor.token) requirePermission(policy, actor, 'tokens', 'server')
  if (owner.kind === 'serviceaccount' && !isOwn(actor, owner)) requireRightsOf(policy, actor, owner)
  // Otherwise an admin could act in the name of a person.
  if (owner.kind === 'serviceaccount' || isOwn(actor, owner) || actor.kind === 'system') return
  throw new AppError('forbidden', `only ${actorName(owner)} can make tokens for this account`)
}

/** Throws `forbidden` unless the actor may decide whose tokens outside let their bearers act as an account, within limits. */
export function requireTrustMaker(
  policy: Policy,
  actor: Actor,
  account: Principal,
  limits: Pick<Token, 'permissions' | 'repositories'>,
): void {
  if (isPrincipal(actor) && actor.token) requirePermission(policy, actor, 'tokens', 'server')
  requireRightsOf(policy, actor, account)
  requireWithinOwn(actor, limits)
}

/** Throws `forbidden` if a token would allow more than the token that makes it. */
export function requireWithinOwn(actor: Actor, token: Pick<Token, 'permissions' | 'repositories'>): void {
  if (!isPrincipal(actor) || !actor.token || isWithin(limitsOf(token), actor.token)) return
  throw new AppError(
    'forbidden',
    'a token cannot make one that allows more than itself: name fewer permissions and repositories, or log in',
  )
}

/** Whether the actor may revoke a token: a stolen one must be easy to revoke. */
export async function mayRevoke(db: Reader, policy: Policy, actor: Actor, token: Token): Promise<boolean> {
  if (isPrincipal(actor) && actor.token?.id === token.id) return true
  if (can(policy, actor, 'server.admin', 'server').allowed) return true
  const owner = await findPrincipal(db, token.principalId)
  if (!owner) return false
  if (isOwn(actor, owner)) return can(policy, actor, 'tokens', 'server').allowed
  return owner.kind === 'serviceaccount' && can(policy, actor, 'admin', scopeOf(owner)).allowed
}

function seesTokens(policy: Policy, actor: Actor, owner: Principal): boolean {
  if (isOwn(actor, owner)) return true
  if (owner.kind === 'serviceaccount') return seesServiceAccount(policy, actor, owner)
  return actor.kind === 'system' || can(policy, actor, 'server.audit', 'server').allowed
}

function isOwn(actor: Actor, owner: Principal): boolean {
  return isPrincipal(actor) && actor.principalId === owner.id
}

async function ownPrincipal(db: Reader, actor: Actor): Promise<Principal | undefined> {
  if (isPrincipal(actor)) return findPrincipal(db, actor.principalId)
  throw new AppError('forbidden', 'only accounts have tokens: log in, or name a service account')
}
