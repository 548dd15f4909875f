/** Reads the audit log. */
import { sql } from 'kysely'
import { z } from 'zod'
import type { StoredLink } from '../../domain/audit/check-chain.ts'
import type { AuditRecord, AuditType } from '../../domain/audit/entry.ts'
import type { Reader } from '../connection.ts'
import { parseStored } from '../stored-json.ts'

/** Shown as it is: `audit verify` says whether it was changed. */
const recordSchema = z.custom<AuditRecord>((value) => typeof value === 'object' && value !== null)

export type AuditFilter = {
  /** The oldest time, or the number of the record before the oldest. */
  since?: { time: string } | { seq: number } | undefined
  type?: AuditType | undefined
  /** The id of a principal, or the name of one without an id. */
  principal?: string | undefined
  repository?: string | undefined
}

export type AuditPage = { order: 'asc' | 'desc'; after?: number | undefined; limit: number; upTo?: number }

/** Resolves to records, oldest or newest first. `upTo`: the number of the last record to return. */
export async function listAudit(
  db: Reader,
  { since, type, principal, repository }: AuditFilter,
  { order, after, limit, upTo }: AuditPage,
): Promise<AuditRecord[]> {
  let query = db
    .selectFrom('audit')
    .select(['seq', 'record', 'hash', 'address'])
    .orderBy('seq', order)
    .limit(limit)
  if (since && 'time' in since) {
    // The records are read in their order, which is nearly that of the times: clocks may go back.
    query = query
      .where('seq', '>=', await firstSince(db, since.time))
      .where(sql`time || ''`, '>=', since.time)
  }
  if (since && 'seq' in since) query = query.where('seq', '>', since.seq)
  if (type !== undefined) query = query.where('type', '=', type)
  if (principal !== undefined) query = query.where('principal', '=', principal)
  if (repository !== undefined) query = query.where('repository', '=', repository)
  if (after !== undefined) query = query.where('seq', order === 'asc' ? '>' : '<', after)
  if (upTo !== undefined) query = query.where('seq', '<=', upTo)
  return (await query.execute()).map(toRecord)
}

async function firstSince(db: Reader, time: string): Promise<number> {
  const { seq } = await db
    .selectFrom('audit')
    // The sum keeps SQLite from reading all records before, in their order, instead of the index of times.
    .select(sql<number | null>`min(seq + 0)`.as('seq'))
    .where('time', '>=', time)
    .executeTakeFirstOrThrow()
  return seq ?? Number.MAX_SAFE_INTEGER
}

type Row = { seq: number; record: string; hash: string; address: string | null }

function toRecord({ seq, record, hash, address }: Row): AuditRecord {
  const stored = parseStored(recordSchema, record, `record ${seq} of the audit log`)
  return { ...stored, source: { ...stored.source, address }, hash }
}

/** Resolves to rows as they are stored, for their verification, in their order. */
export async function auditLinks(db: Reader, after: number, limit: number): Promise<StoredLink[]> {
  return db
    .selectFrom('audit')
    .select(['seq', 'time', 'type', 'principal', 'repository', 'address', 'record as text', 'hash'])
    .where('seq', '>', after)
    .orderBy('seq')
    .limit(limit)
    .execute()
}
