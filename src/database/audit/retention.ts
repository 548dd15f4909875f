/** Cuts the audit log at its front. */
import { sql } from 'kysely'
import type { ChainHead } from '../../domain/audit/chain.ts'
import type { Reader, Transaction } from '../connection.ts'

export type Cut = {
  /** The last record that was cut off. */
  through: ChainHead
  records: number
  /** The day that ended with it. */
  day: string
}

/**
 * Deletes the records of the oldest day, if that is before a day. The caller records it in the chain, which so begins
 * with a known hash. Resolves to undefined if there is nothing to cut off.
 */
export async function cutOldestDay(transaction: Transaction, keepFrom: string): Promise<Cut | undefined> {
  const oldest = await transaction
    .selectFrom('audit')
    .select('time')
    .orderBy('seq')
    .limit(1)
    .executeTakeFirst()
  const day = oldest?.time.slice(0, 'yyyy-mm-dd'.length)
  if (day === undefined || day >= keepFrom) return undefined
  // Clocks may go back: only what precedes every record of a later day.
  const end = await firstSince(transaction, `${day}T24`)
  const through = await transaction
    .selectFrom('audit')
    .select(['seq', 'hash'])
    .where('seq', '<', end ?? Number.MAX_SAFE_INTEGER)
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst()
  if (!through) return undefined
  const { numDeletedRows } = await transaction
    .deleteFrom('audit')
    .where('seq', '<=', through.seq)
    .executeTakeFirstOrThrow()
  return { through, records: Number(numDeletedRows), day }
}

/** Forgets the addresses of records from before a time. Resolves to whether there may be more. */
export async function forgetAddresses(
  transaction: Transaction,
  before: string,
  atMost: number,
): Promise<boolean> {
  const oldest = await transaction
    .selectFrom('audit')
    .select(['seq', 'time'])
    .where('address', 'is not', null)
    .orderBy('seq')
    .limit(atMost)
    .execute()
  const old = oldest.filter(({ time }) => time < before)
  const last = old.at(-1)
  if (!last) return false
  await transaction
    .updateTable('audit')
    .set({ address: null })
    .where('address', 'is not', null)
    .where('seq', '<=', last.seq)
    .execute()
  return old.length === atMost
}

/** Reads from the front, where it soon finds one; the index of times would lead to all that are newer. */
async function firstSince(db: Reader, time: string): Promise<number | undefined> {
  const row = await db
    .selectFrom('audit')
    .select('seq')
    .where(sql`time || ''`, '>=', time)
    .orderBy('seq')
    .limit(1)
    .executeTakeFirst()
  return row?.seq
}
