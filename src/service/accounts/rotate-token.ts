import { AppError } from '../../core/errors.ts'
import { findPrincipal } from '../../database/access/principals.ts'
import { findToken, replaceToken } from '../../database/access/tokens.ts'
import { actorName } from '../../domain/access/principal.ts'
import { type Token, tokenProblem } from '../../domain/access/token.ts'
import type { AccessControl } from '../access/access-control.ts'
import { type Actor, isPrincipal } from '../access/actor.ts'
import { audit } from '../audit/record.ts'
import { tokenEvent } from './change-events.ts'
import { type Expiry, earlier, expiryOf, type IssuedToken, issueToken, later } from './issue-token.ts'
import { mayRevoke, requireTokenMaker, requireWithinOwn } from './token-rights.ts'

/** How long the old token still works, in milliseconds. */
const OVERLAP = 24 * 60 * 60_000

/** Puts a new token in the place of one, which ends a day later at the latest. */
export async function rotateToken(
  access: AccessControl,
  actor: Actor,
  id: string,
  { expiresAt }: { expiresAt?: string | null | undefined },
): Promise<IssuedToken> {
  return access.change(async (transaction, policy) => {
    const now = access.ctx.now()
    const old = await findToken(transaction, id)
    const owner = old && (await findPrincipal(transaction, old.principalId))
    if (!owner || !(await mayRevoke(transaction, policy, actor, old))) {
      throw new AppError('not_found', `there is no token ${id}`)
    }
    requireTokenMaker(policy, actor, owner)
    requireWithinOwn(actor, old)
    if (old.trustId !== undefined) {
      throw new AppError(
        'conflict',
        `the token ${id} was given by a trust: exchange another token for a new one`,
      )
    }
    const problem = tokenProblem(old, now.toISOString())
    if (problem) {
      const ended = problem === 'expired' ? 'has expired' : 'was revoked'
      throw new AppError('conflict', `the token ${id} ${ended}: create a new one`)
    }
    if (old.replacedBy !== undefined) {
      throw new AppError('conflict', `the token ${id} was replaced by ${old.replacedBy} already: rotate that`)
    }
    const issued = await issueToken(
      transaction,
      actor,
      { ...old, expiresAt: expiryOf(policy, actor, expiry(actor, old, expiresAt, now), now) },
      now,
    )
    await replaceToken(transaction, id, {
      replacedBy: issued.token.id,
      expiresAt: earlier(old.expiresAt, later(now, OVERLAP)),
    })
    const event = tokenEvent('token.rotated', actorName(owner), old, { replacedBy: issued.token.id })
    await audit(access.ctx, transaction, actor, event)
    return issued
  })
}

/** A token that rotates itself lasts as long as before; one that rotates another still cannot make one that outlives it. */
function expiry(actor: Actor, old: Token, asked: string | null | undefined, now: Date): Expiry {
  const own = isPrincipal(actor) ? actor.token : undefined
  if (old.expiresAt === undefined) return { asked, limit: own?.expiresAt }
  const lifetime = Date.parse(old.expiresAt) - Date.parse(old.createdAt)
  return { asked, lifetime, limit: own?.id === old.id ? later(now, lifetime) : own?.expiresAt }
}
