import { AppError } from '../../core/errors.ts'
import { findPrincipal } from '../../database/access/principals.ts'
import { findToken, revokeToken as revokeRow } from '../../database/access/tokens.ts'
import type { Transaction } from '../../database/connection.ts'
import { actorName } from '../../domain/access/principal.ts'
import type { Token } from '../../domain/access/token.ts'
import type { AccessControl } from '../access/access-control.ts'
import type { Actor } from '../access/actor.ts'
import type { Policy } from '../access/policy.ts'
import { audit } from '../audit/record.ts'
import { tokenEvent } from './change-events.ts'
import { mayRevoke } from './token-rights.ts'

/** Ends a token at once, even the last one of an admin. Revoking it again changes nothing. */
export async function revokeToken(
  access: AccessControl,
  actor: Actor,
  id: string,
  reason: string | null,
): Promise<Token> {
  const revoke = async (transaction: Transaction, policy: Policy): Promise<Token> => {
    const token = await findToken(transaction, id)
    if (!token || !(await mayRevoke(transaction, policy, actor, token))) {
      throw new AppError('not_found', `there is no token ${id}`)
    }
    if (token.revokedAt !== undefined) return token
    const revocation = { at: access.ctx.now().toISOString(), by: actor.name, reason }
    const revoked = await revokeRow(transaction, id, revocation)
    const owner = await findPrincipal(transaction, token.principalId)
    if (owner) {
      const event = { ...tokenEvent('token.revoked', actorName(owner), revoked), reason }
      await audit(access.ctx, transaction, actor, event)
    }
    return revoked
  }
  return access.change(revoke, { mayLoseAdmin: true })
}
