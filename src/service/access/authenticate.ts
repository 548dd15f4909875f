import { findPrincipal, type GroupedPrincipal } from '../../database/access/principals.ts'
import { findTokenByHash, recordTokenUse } from '../../database/access/tokens.ts'
import { actorName } from '../../domain/access/principal.ts'
import { limitsOf, type Token, tokenProblem } from '../../domain/access/token.ts'
import type { AccessControl } from './access-control.ts'
import type { PrincipalActor } from './actor.ts'
import type { KnownCaller } from './policy.ts'
import { isTokenText, tokenHash } from './token-text.ts'

export type Authentication =
  | { actor: PrincipalActor }
  | { refused: 'malformed' | 'unknown' | 'revoked' | 'expired' | 'disabled' }

type Found = KnownCaller | Extract<Authentication, { refused: string }>

/** The last use of a token is recorded at most this often, in milliseconds. */
const USE_INTERVAL = 10 * 60_000

/** Finds out who presents a token. `address` is that of the client. Throws where the index cannot be read. */
export async function authenticateToken(
  access: AccessControl,
  text: string,
  address: string | undefined,
): Promise<Authentication> {
  if (!isTokenText(text)) return { refused: 'malformed' }
  const hash = tokenHash(text)
  const found = await remembered(access, hash, async (now) => {
    const token = await findTokenByHash(access.ctx.db, hash)
    if (!token) return { refused: 'unknown' }
    const problem = tokenProblem(token, now.toISOString())
    return problem ? { refused: problem } : knownCaller(access, token.principalId, now, token)
  })
  if ('refused' in found) return found
  noteUse(access, found, address)
  return { actor: found.actor }
}

/** Finds out what a principal may do now, without a token: the caller of a session. */
export async function authenticatePrincipal(
  access: AccessControl,
  principalId: string,
): Promise<Authentication> {
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

async function knownCaller(
  access: AccessControl,
  principalId: string,
  now: Date,
  token?: Token,
): Promise<Found> {
  const principal = await findPrincipal(access.ctx.db, principalId)
  if (!principal) return { refused: 'unknown' }
  if (principal.disabled) return { refused: 'disabled' }
  const groupsUntil = endOfGroups(principal, access.options.groupsMaxAge)
  const actor: PrincipalActor = {
    kind: principal.kind,
    name: actorName(principal),
    principalId,
    groups: now.getTime() < groupsUntil ? principal.groups : [],
    token: token && { id: token.id, expiresAt: token.expiresAt, ...limitsOf(token) },
  }
  const ends = [groupsUntil, token?.expiresAt === undefined ? Infinity : Date.parse(token.expiresAt)]
  return {
    actor,
    until: Math.min(...ends.filter((end) => end > now.getTime())),
    lastUsed: token?.lastUsedAt === undefined ? 0 : Date.parse(token.lastUsedAt),
  }
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
