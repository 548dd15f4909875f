import { randomBytes } from 'node:crypto'
import { currentOrigin } from '../../core/origin.ts'
import {
  deleteOldestSessions,
  deleteSession,
  findSessionByHash,
  insertSession,
} from '../../database/access/sessions.ts'
import { SESSION_LIFETIME, type Session } from '../../domain/access/session.ts'
import { clean } from '../../domain/audit/clean.ts'
import type { AccessControl } from '../access/access-control.ts'
import type { PrincipalActor } from '../access/actor.ts'
import { tokenHash } from '../access/token-text.ts'
import { newId } from '../accounts/new-id.ts'
import { type Login, recordLogin } from '../accounts/record-login.ts'
import { type Acting, audit } from '../audit/record.ts'

/** Of a user: more are those of a program that logs in again and again. */
const MOST = 50

/** A new session, and the text for the browser, which is not stored. */
export type StartedSession = { session: Omit<Session, 'lastUsedAt'>; text: string }

/**
 * Records a login, and starts a session, always a new one: a session that the browser has already may be known to others.
 * `previous`: the text of that one, which ends. Throws `forbidden` for a disabled user.
 */
export async function startSession(
  access: AccessControl,
  login: Login,
  previous: string | undefined,
): Promise<StartedSession> {
  const text = randomBytes(32).toString('base64url')
  const now = access.ctx.now()
  const { address, userAgent } = currentOrigin()
  const base = {
    id: newId(now),
    address: address ?? undefined,
    userAgent: clean(userAgent) ?? undefined,
    createdAt: now.toISOString(),
    expiresAt: new Date(now.getTime() + SESSION_LIFETIME.whole).toISOString(),
  }
  const user = await recordLogin(access, login, async (transaction, { id: principalId, name }) => {
    const { issuer, subject, groups } = login
    const old = previous && (await findSessionByHash(transaction, tokenHash(previous)))
    const actor: PrincipalActor & Acting = {
      kind: 'user',
      name,
      principalId,
      groups,
      token: undefined,
      via: { kind: 'session', issuer, subject },
    }
    if (old) {
      await deleteSession(transaction, old.id)
      const ended = { target: { name: old.id }, reason: 'another login in the same browser' }
      await audit(access.ctx, transaction, actor, { type: 'session.ended', ...ended })
    }
    await insertSession(transaction, { ...base, principalId }, tokenHash(text))
    await deleteOldestSessions(transaction, principalId, MOST)
    await audit(access.ctx, transaction, actor, { type: 'login.succeeded', target: { name: base.id } })
  })
  return { session: { ...base, principalId: user.id }, text }
}
