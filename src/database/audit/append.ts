/** Writes the audit log, in the transaction of what is recorded. */
import { sql } from 'kysely'
import { type ChainHead, type LogHead, link } from '../../domain/audit/chain.ts'
import { principalColumn } from '../../domain/audit/check-chain.ts'
import type { AuditEntry } from '../../domain/audit/entry.ts'
import type { Reader, Transaction } from '../connection.ts'

/** Resolves to the last record of the log. */
export async function auditHead(db: Reader): Promise<LogHead> {
  return db.selectFrom('audit_head').select(['log', 'seq', 'hash']).executeTakeFirstOrThrow()
}

/** Appends a record. `address`: the address of the client. */
export async function appendAudit(
  transaction: Transaction,
  entry: AuditEntry,
  address: string | null,
): Promise<ChainHead> {
  // The update comes first: it locks the row, so that each record follows another one.
  const before = await transaction
    .updateTable('audit_head')
    .set({ seq: sql`seq + 1` })
    .returning(['seq', 'hash'])
    .executeTakeFirstOrThrow()
  const { seq, text, hash } = link(entry, { seq: before.seq - 1, hash: before.hash })
  await transaction
    .insertInto('audit')
    .values({
      seq,
      time: entry.time,
      type: entry.type,
      principal: principalColumn(entry),
      repository: entry.target.repository,
      address,
      record: text,
      hash,
    })
    .execute()
  await transaction.updateTable('audit_head').set({ hash }).execute()
  return { seq, hash }
}

/** Continues the chain of an index that is lost. Only for an empty log. */
export async function continueAudit(transaction: Transaction, { log, seq, hash }: LogHead): Promise<void> {
  await transaction.updateTable('audit_head').set({ log, seq, hash }).execute()
}
