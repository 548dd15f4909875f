import { AppError } from '../../core/errors.ts'
import {
  countValidTokens,
  deleteEndedTokens,
  deleteFederatedTokens,
  insertToken,
} from '../../database/access/tokens.ts'
import type { Transaction } from '../../database/connection.ts'
import type { Token } from '../../domain/access/token.ts'
import type { Actor } from '../access/actor.ts'
import { recordMaker } from '../access/persons.ts'
import { can, type Policy } from '../access/policy.ts'
import { newTokenText, tokenHash } from '../access/token-text.ts'
import { newId } from './new-id.ts'

/** A new token, and its text, which is not stored. */
export type IssuedToken = { token: Token; text: string }

const DAY = 24 * 60 * 60_000
const DEFAULT_LIFETIME = 90 * DAY
const MAX_LIFETIME = 366 * DAY
/** How long ended tokens are listed. */
const KEPT = 90 * DAY
/** The same of tokens that were given by trusts, of which the audit log has all. */
const FEDERATED_KEPT = DAY
const MOST = { registry: 100, other: 100, federated: 1000 }

/** Throws `conflict` for an owner with too many tokens. */
export async function issueToken(
  transaction: Transaction,
  actor: Actor,
  content: Pick<Token, 'kind' | 'principalId' | 'name' | 'permissions' | 'repositories' | 'expiresAt'> &
    Partial<Pick<Token, 'parentId' | 'trustId' | 'identity'>>,
  now: Date,
): Promise<IssuedToken> {
  await deleteEndedTokens(transaction, content.principalId, later(now, -KEPT))
  if (content.trustId !== undefined) {
    await deleteFederatedTokens(transaction, content.principalId, later(now, -FEDERATED_KEPT))
  }
  const which =
    content.kind === 'registry' ? 'registry' : content.trustId === undefined ? 'other' : 'federated'
  if ((await countValidTokens(transaction, content.principalId, now.toISOString(), which)) >= MOST[which]) {
    throw new AppError(
      'conflict',
      `this account has ${MOST[which]} valid tokens already, which is the limit: revoke one that is not used any more`,
    )
  }
  const text = newTokenText(content.kind)
  const token = await insertToken(transaction, {
    ...content,
    id: newId(now),
    hash: tokenHash(text),
    createdBy: actor.name,
    createdAt: now.toISOString(),
  })
  if (token.kind === 'serviceaccount') await recordMaker(transaction, actor, { token_id: token.id })
  return { token, text }
}

export type Expiry = {
  /** Undefined: the default. Null: it does not expire, which takes an admin of the server. */
  asked: string | null | undefined
  /** In milliseconds; by default 90 days. */
  lifetime?: number | undefined
  /** The latest time, if there is one. */
  limit: string | undefined
}

/** Returns when a new token expires; undefined for never. Throws `invalid` and `forbidden`. */
export function expiryOf(
  policy: Policy,
  actor: Actor,
  { asked, lifetime = DEFAULT_LIFETIME, limit }: Expiry,
  now: Date,
): string | undefined {
  const expiresAt = asked === undefined ? earlier(limit, later(now, lifetime)) : normalized(asked)
  if (expiresAt !== undefined && expiresAt <= now.toISOString()) {
    throw new AppError('invalid', 'the time at which the token expires has passed: name a later one')
  }
  if (limit !== undefined && (expiresAt === undefined || expiresAt > limit)) {
    throw new AppError('forbidden', `a token cannot make one that outlives it: name a time up to ${limit}`)
  }
  const long = expiresAt === undefined || expiresAt > later(now, MAX_LIFETIME)
  if (long && !can(policy, actor, 'server.admin', 'server').allowed) {
    throw new AppError(
      'forbidden',
      'only admins of the server can make tokens that last longer than a year: name an earlier time, and rotate the token',
    )
  }
  return expiresAt
}

function normalized(asked: string | null): string | undefined {
  if (asked === null) return undefined
  const time = Date.parse(asked)
  if (Number.isNaN(time))
    throw new AppError('invalid', `"${asked.slice(0, 100)}" is no time: write it as 2030-12-31T00:00:00Z`)
  return new Date(time).toISOString()
}

export function earlier(one: string | undefined, other: string): string {
  return one !== undefined && one < other ? one : other
}

export function later(now: Date, milliseconds: number): string {
  return new Date(now.getTime() + milliseconds).toISOString()
}
