import type { Selectable } from 'kysely'
import { z } from 'zod'
import type { Issuer, IssuerContent } from '../../domain/federation/issuer.ts'
import type { Reader, Transaction } from '../connection.ts'
import { nextResourceVersion } from '../counters.ts'
import { parseStored } from '../stored-json.ts'
import type { IssuersTable } from './tables.ts'

const keysSchema = z.object({ keys: z.array(z.record(z.string(), z.unknown())) })

export async function findIssuer(db: Reader, id: string): Promise<Issuer | undefined> {
  const row = await db.selectFrom('issuers').selectAll().where('id', '=', id).executeTakeFirst()
  return row && toIssuer(row)
}

export async function findIssuerNamed(db: Reader, name: string): Promise<Issuer | undefined> {
  const row = await db.selectFrom('issuers').selectAll().where('name', '=', name).executeTakeFirst()
  return row && toIssuer(row)
}

/** Resolves to issuers after a name, by name. */
export async function listIssuers(
  db: Reader,
  page: { after?: string | undefined; limit: number },
): Promise<Issuer[]> {
  const rows = await db
    .selectFrom('issuers')
    .selectAll()
    .$if(page.after !== undefined, (query) => query.where('name', '>', page.after ?? ''))
    .orderBy('name')
    .limit(page.limit)
    .execute()
  return rows.map(toIssuer)
}

export async function insertIssuer(
  transaction: Transaction,
  issuer: Omit<Issuer, 'updatedAt' | 'resourceVersion'>,
): Promise<Issuer> {
  const { id, createdBy, createdAt } = issuer
  const row = await transaction
    .insertInto('issuers')
    .values({
      id,
      name: issuer.name,
      ...columnsOf(issuer),
      created_by: createdBy,
      created_at: createdAt,
      updated_at: createdAt,
      resource_version: await nextResourceVersion(transaction),
    })
    .returningAll()
    .executeTakeFirstOrThrow()
  return toIssuer(row)
}

export async function replaceIssuer(
  transaction: Transaction,
  id: string,
  content: IssuerContent,
  now: string,
): Promise<Issuer> {
  const row = await transaction
    .updateTable('issuers')
    .set({
      ...columnsOf(content),
      updated_at: now,
      resource_version: await nextResourceVersion(transaction),
    })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow()
  return toIssuer(row)
}

/** Deletes an issuer with the trusts in it, and the tokens that were given by these. */
export async function deleteIssuer(transaction: Transaction, id: string): Promise<void> {
  await transaction.deleteFrom('issuers').where('id', '=', id).execute()
}

function columnsOf({ issuer, kind, jwksUri, jwks, caCertificate, internal }: IssuerContent) {
  return {
    issuer,
    kind,
    jwks_uri: jwksUri ?? null,
    jwks: jwks ? JSON.stringify(jwks) : null,
    ca_certificate: caCertificate ?? null,
    internal: internal ? 1 : 0,
  }
}

function toIssuer(row: Selectable<IssuersTable>): Issuer {
  return {
    id: row.id,
    name: row.name,
    issuer: row.issuer,
    kind: row.kind,
    jwksUri: row.jwks_uri ?? undefined,
    jwks: row.jwks === null ? undefined : parseStored(keysSchema, row.jwks, `the issuer ${row.name}`),
    caCertificate: row.ca_certificate ?? undefined,
    internal: row.internal !== 0,
    createdBy: row.created_by,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    resourceVersion: String(row.resource_version),
  }
}
