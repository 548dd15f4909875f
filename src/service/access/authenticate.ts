import { findPrincipal, type GroupedPrincipal } from '../../database/access/principals.ts'
import { findSession, findSessionByHash, recordSessionUse } from '../../database/access/sessions.ts'
import { findToken, findTokenByHash, recordTokenUse } from '../../database/access/tokens.ts'
import type { Reader } from '../../database/connection.ts'
import { actorName } from '../../domain/access/principal.ts'
import { SESSION_LIFETIME, type Session } from '../../domain/access/session.ts'
import { limitsOf, type Token, tokenProblem } from '../../domain/access/token.ts'
import type { AccessControl } from './access-control.ts'
import type { PrincipalActor, RootActor } from './actor.ts'
import type { KnownCaller } from './policy.ts'
import { isTokenText, tokenHash } from './token-text.ts'

export type Authentication =
  | { actor: PrincipalActor | RootActor; tokenId: string }
  | { refused: 'malformed' | 'unknown' | 'revoked' | 'expired' | 'disabled'; tokenId?: string | undefined }
  /** A token of an issuer outside. */
  | { refused: 'untrusted'; reason: string; tokenId?: undefined }

type Refused = Extract<Authentication, { refused: string }>
type Found = KnownCaller | Refused

/** The last use of a token is recorded at most this often, in milliseconds. */
const USE_INTERVAL = 10 * 60_000
/** The same for sessions. */
const SESSION_USE_INTERVAL = 5 * 60_000
/** A session that is not used ends without a change of the policy: it is looked up again after so many milliseconds. */
const SESSION_CHECK_INTERVAL = 60_000

/** Finds out who presents a token. `address` is that of the client. Throws where the index cannot be read. */
export async function authenticateToken(
  access: AccessControl,
  text: string,
  address: string | undefined,
): Promise<Authentication> {
  const hash = tokenHash(text)
  // First, as it may end some of these.
  await access.policy()
  const root = access.rootTokens.find(hash)
  if (root) return { actor: root, tokenId: root.tokenId }
  if (!isTokenText(text)) return { refused: 'malformed' }
  return used(access, await bearer(access, hash, () => findTokenByHash(access.ctx.db, hash)), address)
}

/** Finds out what the token of an id allows now: one that the caller has presented some minutes ago. */
export async function authenticateTokenId(
  access: AccessControl,
  id: string,
  address: string | undefined,
): Promise<Authentication> {
  await access.policy()
  const root = access.rootTokens.findById(id)
  if (root) return { actor: root, tokenId: root.tokenId }
  return used(access, await bearerOf(access, id), address)
}

/** Finds out what credentials that were presented earlier allow now, for work that goes on without a request. */
export async function authenticateLater(
  access: AccessControl,
  { principalId, tokenId }: { principalId: string; tokenId: string | null },
): Promise<{ actor: PrincipalActor } | Refused> {
  if (tokenId === null) return authenticatePrincipal(access, principalId)
  const found = await bearerOf(access, tokenId)
  return 'refused' in found ? found : { actor: found.actor }
}

function bearerOf(access: AccessControl, tokenId: string): Promise<Found> {
  return bearer(access, `id ${tokenId}`, () => findToken(access.ctx.db, tokenId))
}

function bearer(access: AccessControl, key: string, find: () => Promise<Token | undefined>): Promise<Found> {
  return remembered(access, key, async (now) => {
    const token = await find()
    if (!token) return { refused: 'unknown' }
    const parent = token.parentId === undefined ? undefined : await findToken(access.ctx.db, token.parentId)
    const problem =
      tokenProblem(token, now.toISOString()) ?? (parent && tokenProblem(parent, now.toISOString()))
    if (problem) return { refused: problem, tokenId: token.id }
    return knownCaller(access, token.principalId, now, { token, parent })
  })
}

function used(access: AccessControl, found: Found, address: string | undefined): Authentication {
  if ('refused' in found) return found
  noteUse(access, found, address)
  return { actor: found.actor, tokenId: found.actor.token?.id ?? '' }
}

/** Finds out who has a session, by the text that only the browser has. */
export async function authenticateSession(
  access: AccessControl,
  text: string,
): Promise<{ actor: PrincipalActor } | Refused> {
  const hash = tokenHash(text)
  const found = await remembered(access, `session ${hash}`, async (now) => {
    const session = await findSessionByHash(access.ctx.db, hash)
    const caller = await callerInSession(access, session, now)
    if (session && !('refused' in caller)) {
      const unused = now.getTime() - Date.parse(session.lastUsedAt)
      if (unused >= SESSION_USE_INTERVAL) noteSessionUse(access, session.id, now)
    }
    return caller
  })
  return 'refused' in found ? found : { actor: found.actor }
}

/** Finds out who has the session of an id, without using it. */
export async function authenticateSessionId(
  access: AccessControl,
  id: string,
): Promise<{ actor: PrincipalActor } | Refused> {
  const found = await remembered(access, `session id ${id}`, async (now) => {
    const caller = await callerInSession(access, await findSession(access.ctx.db, id), now)
    return 'refused' in caller
      ? caller
      : { ...caller, until: Math.min(caller.until, now.getTime() + SESSION_CHECK_INTERVAL) }
  })
  return 'refused' in found ? found : { actor: found.actor }
}

async function callerInSession(
  access: AccessControl,
  session: Session | undefined,
  now: Date,
): Promise<Found> {
  if (!session) return { refused: 'unknown' }
  if (isSessionOver(session, now)) return { refused: 'expired' }
  const caller = await knownCaller(access, session.principalId, now)
  if ('refused' in caller) return caller
  const { id, expiresAt } = session
  // Looked up often enough for its last use to be recorded.
  const until = Math.min(caller.until, Date.parse(expiresAt), now.getTime() + SESSION_USE_INTERVAL)
  return { ...caller, actor: { ...caller.actor, session: { id, expiresAt } }, until }
}

export function isSessionOver({ lastUsedAt, expiresAt }: Session, now: Date): boolean {
  const ends = Math.min(Date.parse(lastUsedAt) + SESSION_LIFETIME.idle, Date.parse(expiresAt))
  return ends <= now.getTime()
}

/** Finds out what a principal may do now, without a token or session. */
export async function authenticatePrincipal(
  access: AccessControl,
  principalId: string,
): Promise<{ actor: PrincipalActor } | Refused> {
  const found = await remembered(access, principalId, (now) => knownCaller(access, principalId, now))
  return 'refused' in found ? found : { actor: found.actor }
}

/** Remembers who was found as long as the policy holds; refusals are looked up each time. */
async function remembered(
  access: AccessControl,
  key: string,
  lookUp: (now: Date) => Promise<Found>,
): Promise<Found> {
  // Before the look-up: what is found is forgotten with this policy, at the next change.
  const { callers } = await access.policy()
  const now = access.ctx.now()
  const known = callers.get(key)
  if (known && now.getTime() < known.until) return known
  const found = await lookUp(now)
  if (!('refused' in found)) callers.set(key, found)
  return found
}

/** Finds out what a principal may do, as the index has it. */
export async function knownCaller(
  access: { ctx: { db: Reader }; options: { groupsMaxAge: number } },
  principalId: string,
  now: Date,
  { token, parent }: { token?: Token | undefined; parent?: Token | undefined } = {},
): Promise<Found> {
  const principal = await findPrincipal(access.ctx.db, principalId)
  if (!principal) return { refused: 'unknown', tokenId: token?.id }
  if (principal.disabled) return { refused: 'disabled', tokenId: token?.id }
  const groupsUntil = endOfGroups(principal, access.options.groupsMaxAge)
  const actor: PrincipalActor = {
    kind: principal.kind,
    name: actorName(principal),
    principalId,
    groups: now.getTime() < groupsUntil ? principal.groups : [],
    token: token && presentedToken(token),
  }
  const expiries = [token?.expiresAt, parent?.expiresAt].filter((time) => time !== undefined)
  const ends = [Infinity, groupsUntil, ...expiries.map((time) => Date.parse(time))]
  return {
    actor,
    until: Math.min(...ends.filter((end) => end > now.getTime())),
    lastUsed: token?.lastUsedAt === undefined ? 0 : Date.parse(token.lastUsedAt),
  }
}

function presentedToken(token: Token): PrincipalActor['token'] {
  const { id, kind, expiresAt, identity } = token
  return { id, kind, expiresAt, identity, ...limitsOf(token) }
}

function endOfGroups({ groupsAt }: GroupedPrincipal, maxAge: number): number {
  return groupsAt === undefined ? 0 : Date.parse(groupsAt) + maxAge
}

/** Does not wait for the write: a use that is not recorded is no reason to refuse. */
function noteUse({ ctx, options }: AccessControl, caller: KnownCaller, address: string | undefined): void {
  const { token } = caller.actor
  const now = ctx.now()
  if (!token || now.getTime() - caller.lastUsed < USE_INTERVAL) return
  caller.lastUsed = now.getTime()
  const use = { at: now.toISOString(), address }
  ctx.commits.run((transaction) => recordTokenUse(transaction, token.id, use)).catch(options.report)
}

function noteSessionUse({ ctx, options }: AccessControl, id: string, now: Date): void {
  ctx.commits.run((transaction) => recordSessionUse(transaction, id, now.toISOString())).catch(options.report)
}
