import { randomBytes } from 'node:crypto'
import type { Transaction } from './connection.ts'

/** Resolves to a secret of this database, which is generated when it is first asked for. */
export async function secret(transaction: Transaction, name: string): Promise<Buffer> {
  await transaction
    .insertInto('settings')
    .values({ name, value: randomBytes(32).toString('hex') })
    .onConflict((conflict) => conflict.column('name').doNothing())
    .execute()
  const { value } = await transaction
    .selectFrom('settings')
    .select('value')
    .where('name', '=', name)
    .executeTakeFirstOrThrow()
  return Buffer.from(value, 'hex')
}
