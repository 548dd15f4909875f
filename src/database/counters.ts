import { sql } from 'kysely'
import type { Reader, Transaction } from './connection.ts'

/** How far the log of changes has been cut back, and how far it has been routed to webhooks. */
type Position = 'changes_compacted' | 'webhooks_position'

/** Reserves resourceVersions above all that any object has had. Resolves to the last of them. */
export async function nextResourceVersion(transaction: Transaction, count = 1): Promise<number> {
  const { value } = await transaction
    .updateTable('counters')
    .set({ value: sql`value + ${count}` })
    .where('name', '=', 'resource_version')
    .returning('value')
    .executeTakeFirstOrThrow()
  return value
}

/** Resolves to the highest resourceVersion so far: the version of the whole index. */
export async function currentResourceVersion(db: Reader): Promise<number> {
  return read(db, 'resource_version')
}

/** Continues resourceVersions above one that may have been given out. */
export async function startResourceVersions(transaction: Transaction, above: number): Promise<void> {
  await transaction
    .updateTable('counters')
    .set({ value: above })
    .where('name', '=', 'resource_version')
    .where('value', '<', above)
    .execute()
}

export async function readPosition(db: Reader, name: Position): Promise<number> {
  return read(db, name)
}

export async function writePosition(transaction: Transaction, name: Position, value: number): Promise<void> {
  await transaction.updateTable('counters').set({ value }).where('name', '=', name).execute()
}

/** Resolves to a number that grows with each change of who may do what; 0 before the first. */
export async function accessVersion(db: Reader): Promise<number> {
  return read(db, 'access_version')
}

export async function raiseAccessVersion(transaction: Transaction): Promise<void> {
  await transaction
    .updateTable('counters')
    .set({ value: sql`value + 1` })
    .where('name', '=', 'access_version')
    .execute()
}

async function read(db: Reader, name: Position | 'resource_version' | 'access_version'): Promise<number> {
  const { value } = await db
    .selectFrom('counters')
    .select('value')
    .where('name', '=', name)
    .executeTakeFirstOrThrow()
  return value
}
