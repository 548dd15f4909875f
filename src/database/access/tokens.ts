import type { Selectable } from 'kysely'
import { z } from 'zod'
import { patternIn } from '../../domain/access/pattern.ts'
import { PERMISSIONS } from '../../domain/access/permission.ts'
import type { Token } from '../../domain/access/token.ts'
import type { Reader, Transaction } from '../connection.ts'
import { parseStored } from '../stored-json.ts'
import type { TokensTable } from './tables.ts'

export const permissionsSchema = z.array(z.enum(PERMISSIONS))
const identitySchema = z.object({
  issuer: z.string(),
  subject: z.string(),
  jti: z
    .string()
    .optional()
    .transform((jti) => jti),
})
export const patternsSchema = z.array(z.string().refine((text) => patternIn(text), 'is no pattern'))

export async function findToken(db: Reader, id: string): Promise<Token | undefined> {
  const row = await db.selectFrom('tokens').selectAll().where('id', '=', id).executeTakeFirst()
  return row && toToken(row)
}

export async function findTokenByHash(db: Reader, hash: string): Promise<Token | undefined> {
  const row = await db.selectFrom('tokens').selectAll().where('hash', '=', hash).executeTakeFirst()
  return row && toToken(row)
}

/** Resolves to tokens of a principal after an id, oldest first. */
export async function listTokens(
  db: Reader,
  principalId: string,
  page: { after?: string | undefined; limit: number },
): Promise<Token[]> {
  const rows = await db
    .selectFrom('tokens')
    .selectAll()
    .where('principal_id', '=', principalId)
    .$if(page.after !== undefined, (query) => query.where('id', '>', page.after ?? ''))
    .orderBy('id')
    .limit(page.limit)
    .execute()
  return rows.map(toToken)
}

/**
 * The number of tokens of a principal that are valid at a time. Those of logins to the registry are counted apart, and so
 * are those that were given by trusts.
 */
export async function countValidTokens(
  db: Reader,
  principalId: string,
  now: string,
  which: 'registry' | 'federated' | 'other',
): Promise<number> {
  const { count } = await db
    .selectFrom('tokens')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('principal_id', '=', principalId)
    .where('kind', which === 'registry' ? '=' : '!=', 'registry')
    .where('trust_id', which === 'federated' ? 'is not' : 'is', null)
    .where('revoked_at', 'is', null)
    .where(({ eb, or }) => or([eb('expires_at', 'is', null), eb('expires_at', '>', now)]))
    .executeTakeFirstOrThrow()
  return count
}

type NewToken = Pick<
  Token,
  | 'id'
  | 'kind'
  | 'principalId'
  | 'name'
  | 'permissions'
  | 'repositories'
  | 'createdBy'
  | 'createdAt'
  | 'expiresAt'
> & { hash: string } & Partial<Pick<Token, 'parentId' | 'trustId' | 'identity'>>

export async function insertToken(transaction: Transaction, token: NewToken): Promise<Token> {
  const row = await transaction
    .insertInto('tokens')
    .values({
      id: token.id,
      kind: token.kind,
      principal_id: token.principalId,
      name: token.name,
      hash: token.hash,
      permissions: JSON.stringify(token.permissions),
      repositories: JSON.stringify(token.repositories),
      created_by: token.createdBy,
      created_at: token.createdAt,
      expires_at: token.expiresAt ?? null,
      parent_id: token.parentId ?? null,
      trust_id: token.trustId ?? null,
      identity: token.identity ? JSON.stringify(token.identity) : null,
    })
    .returningAll()
    .executeTakeFirstOrThrow()
  return toToken(row)
}

/** Records that another token takes the place of one, which ends at a time. */
export async function replaceToken(
  transaction: Transaction,
  id: string,
  replacement: { replacedBy: string; expiresAt: string },
): Promise<void> {
  await transaction
    .updateTable('tokens')
    .set({ replaced_by: replacement.replacedBy, expires_at: replacement.expiresAt })
    .where('id', '=', id)
    .execute()
}

export async function revokeToken(
  transaction: Transaction,
  id: string,
  revocation: { at: string; by: string; reason: string | null },
): Promise<Token> {
  const row = await transaction
    .updateTable('tokens')
    .set({ revoked_at: revocation.at, revoked_by: revocation.by, revoked_reason: revocation.reason })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow()
  return toToken(row)
}

export async function recordTokenUse(
  transaction: Transaction,
  id: string,
  use: { at: string; address: string | undefined },
): Promise<void> {
  await transaction
    .updateTable('tokens')
    .set({ last_used_at: use.at, last_used_address: use.address ?? null })
    .where('id', '=', id)
    .execute()
}

/** Deletes a principal's tokens that expired or were revoked before a time. */
export async function deleteEndedTokens(
  transaction: Transaction,
  principalId: string,
  before: string,
): Promise<void> {
  await transaction
    .deleteFrom('tokens')
    .where('principal_id', '=', principalId)
    .where(({ eb, or }) => or([eb('expires_at', '<', before), eb('revoked_at', '<', before)]))
    .execute()
}

/** Deletes a principal's tokens that were given by trusts and expired before a time: there may be many. */
export async function deleteFederatedTokens(
  transaction: Transaction,
  principalId: string,
  before: string,
): Promise<void> {
  await transaction
    .deleteFrom('tokens')
    .where('principal_id', '=', principalId)
    .where('trust_id', 'is not', null)
    .where('expires_at', '<', before)
    .execute()
}

/** Deletes all tokens that were given for those of an issuer. */
export async function deleteTokensOfIssuer(transaction: Transaction, issuerId: string): Promise<void> {
  await transaction
    .deleteFrom('tokens')
    .where('trust_id', 'in', ({ selectFrom }) =>
      selectFrom('trusts').select('trusts.id').where('issuer_id', '=', issuerId),
    )
    .execute()
}

function toToken(row: Selectable<TokensTable>): Token {
  return {
    id: row.id,
    kind: row.kind,
    principalId: row.principal_id,
    name: row.name,
    permissions: parseStored(permissionsSchema, row.permissions, `the token ${row.id}`),
    repositories: parseStored(patternsSchema, row.repositories, `the token ${row.id}`),
    createdBy: row.created_by,
    createdAt: row.created_at,
    expiresAt: row.expires_at ?? undefined,
    lastUsedAt: row.last_used_at ?? undefined,
    lastUsedAddress: row.last_used_address ?? undefined,
    revokedAt: row.revoked_at ?? undefined,
    revokedBy: row.revoked_by ?? undefined,
    revokedReason: row.revoked_reason ?? undefined,
    replacedBy: row.replaced_by ?? undefined,
    parentId: row.parent_id ?? undefined,
    trustId: row.trust_id ?? undefined,
    identity:
      row.identity === null ? undefined : parseStored(identitySchema, row.identity, `the token ${row.id}`),
  }
}
