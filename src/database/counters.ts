import { sql } from 'kysely'
import type { Db } from './schema.ts'

/** A resourceVersion that no object has had before, and that is higher than all of them. */
export async function nextResourceVersion(db: Db): Promise<number> {
  const { value } = await db
    .updateTable('counters')
    .set({ value: sql`value + 1` })
    .where('name', '=', 'resource_version')
    .returning('value')
    .executeTakeFirstOrThrow()
  return value
}

/** The highest resourceVersion that has been given out: the state of the whole index. */
export async function currentResourceVersion(db: Db): Promise<number> {
  const { value } = await db
    .selectFrom('counters')
    .select('value')
    .where('name', '=', 'resource_version')
    .executeTakeFirstOrThrow()
  return value
}
