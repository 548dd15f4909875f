/** Reads the audit log. */
import type { StoredLink } from '../../domain/audit/check-chain.ts'
import type { AuditRecord, AuditType } from '../../domain/audit/entry.ts'
import type { Reader } from '../connection.ts'

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
  let query = db.selectFrom('audit').select(['record', 'hash', 'address']).orderBy('seq', order).limit(limit)
  if (since && 'time' in since) query = query.where('time', '>=', since.time)
  if (since && 'seq' in since) query = query.where('seq', '>', since.seq)
  if (type !== undefined) query = query.where('type', '=', type)
  if (principal !== undefined) query = query.where('principal', '=', principal)
  if (repository !== undefined) query = query.where('repository', '=', repository)
  if (after !== undefined) query = query.where('seq', order === 'asc' ? '>' : '<', after)
  if (upTo !== undefined) query = query.where('seq', '<=', upTo)
  return (await query.execute()).map(toRecord)
}

/** Not checked against a schema: the log is shown as it is, and `audit verify` says whether it was changed. */
function toRecord({ record, hash, address }: { record: string; hash: string; address: string | null }) {
  const stored = JSON.parse(record) as AuditRecord
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
