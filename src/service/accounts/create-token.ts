import { DEFAULT_TOKEN_PERMISSIONS, type Permission, withRead } from '../../domain/access/permission.ts'
import { actorName } from '../../domain/access/principal.ts'
import { checkToken } from '../../domain/access/token.ts'
import type { AccessControl } from '../access/access-control.ts'
import { type Actor, isPrincipal } from '../access/actor.ts'
import { audit } from '../audit/record.ts'
import { tokenEvent } from './change-events.ts'
import { expiryOf, type IssuedToken, issueToken } from './issue-token.ts'
import { requireTokenMaker, requireWithinOwn, type TokenOwner, visibleOwner } from './token-rights.ts'

export type TokenRequest = {
  name: string
  /** By default the actor itself. */
  owner?: TokenOwner
  /** By default all but those to grant rights and to approve. */
  permissions?: readonly Permission[] | undefined
  /** Patterns; by default everything that the owner may. */
  repositories?: readonly string[] | undefined
  /** Null: it does not expire. */
  expiresAt?: string | null | undefined
}

/** Creates a token. Its rights are those of its owner that it is not limited to less than. */
export async function createToken(
  access: AccessControl,
  actor: Actor,
  request: TokenRequest,
): Promise<IssuedToken> {
  const limits = {
    name: request.name,
    permissions: withRead(request.permissions ?? DEFAULT_TOKEN_PERMISSIONS),
    repositories: request.repositories ?? ['*'],
  }
  checkToken(limits)
  return access.change(async (transaction, policy) => {
    const owner = await visibleOwner(transaction, policy, actor, request.owner)
    requireTokenMaker(policy, actor, owner)
    requireWithinOwn(actor, limits)
    const now = access.ctx.now()
    const kind = owner.kind === 'user' ? 'personal' : 'serviceaccount'
    const limit = isPrincipal(actor) ? actor.token?.expiresAt : undefined
    const expiresAt = expiryOf(policy, actor, { asked: request.expiresAt, limit }, now)
    const content = { ...limits, kind, principalId: owner.id, expiresAt } as const
    const issued = await issueToken(transaction, actor, content, now)
    await audit(access.ctx, transaction, actor, tokenEvent('token.created', actorName(owner), issued.token))
    return issued
  })
}
