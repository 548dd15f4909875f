import type { Selectable } from 'kysely'
import { z } from 'zod'
import type { Trust } from '../../domain/federation/trust.ts'
import type { Reader, Transaction } from '../connection.ts'
import { parseStored } from '../stored-json.ts'
import type { TrustsTable } from './tables.ts'
import { patternsSchema, permissionsSchema } from './tokens.ts'

const audiencesSchema = z.array(z.string())
const claimsSchema = z.record(z.string(), z.array(z.string()))

export async function findTrust(db: Reader, id: string): Promise<Trust | undefined> {
  const row = await db.selectFrom('trusts').selectAll().where('id', '=', id).executeTakeFirst()
  return row && toTrust(row)
}

/** Resolves to trusts of a service account after an id, oldest first. */
export async function listTrusts(
  db: Reader,
  principalId: string,
  page: { after?: string | undefined; limit: number },
): Promise<Trust[]> {
  const rows = await db
    .selectFrom('trusts')
    .selectAll()
    .where('principal_id', '=', principalId)
    .$if(page.after !== undefined, (query) => query.where('id', '>', page.after ?? ''))
    .orderBy('id')
    .limit(page.limit)
    .execute()
  return rows.map(toTrust)
}

/** Resolves to all trusts, or those in an issuer, oldest first. */
export async function allTrusts(db: Reader, issuerId?: string): Promise<Trust[]> {
  const rows = await db
    .selectFrom('trusts')
    .selectAll()
    .$if(issuerId !== undefined, (query) => query.where('issuer_id', '=', issuerId ?? ''))
    .orderBy('id')
    .execute()
  return rows.map(toTrust)
}

export async function insertTrust(transaction: Transaction, trust: Trust): Promise<void> {
  await transaction
    .insertInto('trusts')
    .values({
      id: trust.id,
      principal_id: trust.principalId,
      issuer_id: trust.issuerId,
      audiences: JSON.stringify(trust.audiences),
      claims: JSON.stringify(trust.claims),
      permissions: JSON.stringify(trust.permissions),
      repositories: JSON.stringify(trust.repositories),
      created_by: trust.createdBy,
      created_at: trust.createdAt,
    })
    .execute()
}

/** Deletes a trust with the tokens that were given by it. */
export async function deleteTrust(transaction: Transaction, id: string): Promise<void> {
  await transaction.deleteFrom('trusts').where('id', '=', id).execute()
}

function toTrust(row: Selectable<TrustsTable>): Trust {
  const what = `the trust ${row.id}`
  return {
    id: row.id,
    principalId: row.principal_id,
    issuerId: row.issuer_id,
    audiences: parseStored(audiencesSchema, row.audiences, what),
    claims: parseStored(claimsSchema, row.claims, what),
    permissions: parseStored(permissionsSchema, row.permissions, what),
    repositories: parseStored(patternsSchema, row.repositories, what),
    createdBy: row.created_by,
    createdAt: row.created_at,
  }
}
