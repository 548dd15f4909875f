import { AppError } from '../../core/errors.ts'
import { deleteSession, findSession, findSessionByHash } from '../../database/access/sessions.ts'
import type { Session } from '../../domain/access/session.ts'
import type { AccessControl } from '../access/access-control.ts'
import { type Actor, isPrincipal } from '../access/actor.ts'
import { can, type Policy } from '../access/policy.ts'
import { tokenHash } from '../access/token-text.ts'
import { type Acting, audit } from '../audit/record.ts'

/** Ends an own session, or as an admin of the server that of a user. Throws `not_found`. */
export async function endSession(access: AccessControl, actor: Actor, id: string): Promise<void> {
  const session = await findSession(access.ctx.db, id)
  if (!session || !mayEnd(await access.policy(), actor, session)) {
    throw new AppError('not_found', `there is no session ${id}`)
  }
  await removeSession(access, actor, session, null)
}

/** Ends the session of a browser. Resolves to it, if there was one. */
export async function logOut(
  access: AccessControl,
  actor: Actor,
  text: string,
): Promise<Session | undefined> {
  const session = await findSessionByHash(access.ctx.db, tokenHash(text))
  if (session) await removeSession(access, actor, session, null)
  return session
}

/** The next request with it is refused. */
export async function removeSession(
  access: AccessControl,
  actor: Acting,
  { id }: Pick<Session, 'id'>,
  reason: string | null,
): Promise<void> {
  await access.change(
    async (transaction) => {
      if (!(await findSession(transaction, id))) return
      await deleteSession(transaction, id)
      await audit(access.ctx, transaction, actor, { type: 'session.ended', target: { name: id }, reason })
    },
    { mayLoseAdmin: true },
  )
}

/** A token ends sessions only if it was made for tokens, too, as both are what the account comes in with. */
function mayEnd(policy: Policy, actor: Actor, { principalId }: Session): boolean {
  if (can(policy, actor, 'server.admin', 'server').allowed) return true
  return (
    isPrincipal(actor) && actor.principalId === principalId && can(policy, actor, 'tokens', 'server').allowed
  )
}
