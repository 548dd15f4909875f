/** Rows of the simplest table of the index, for tests of transactions. */
import type { Reader, Transaction } from '../../src/database/connection.ts'

export async function put(transaction: Transaction, name: string): Promise<string> {
  await transaction.insertInto('settings').values({ name, value: '' }).execute()
  return name
}

export async function names(db: Reader): Promise<string[]> {
  const rows = await db.selectFrom('settings').select('name').orderBy('name').execute()
  return rows.map(({ name }) => name)
}
