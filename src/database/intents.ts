import type { Reader, Transaction } from './connection.ts'
import { dialectOf } from './dialect.ts'

/** Work to do in one OCI repository, as JSON that this layer does not read. */
export type Intent = { id: number; ociRepository: string; operations: string }

/** Records work for the registry in the transaction that decides it. Resolves to its id. */
export async function addIntent(
  transaction: Transaction,
  intent: Omit<Intent, 'id'>,
  createdAt: string,
): Promise<number> {
  const { id } = await transaction
    .insertInto('intents')
    .values({ oci_repository: intent.ociRepository, operations: intent.operations, created_at: createdAt })
    .returning('id')
    .executeTakeFirstOrThrow()
  return id
}

/** Resolves to the recorded work in an OCI repository, oldest first. */
export async function pendingIntents(db: Reader, ociRepository: string): Promise<Intent[]> {
  const rows = await db
    .selectFrom('intents')
    .selectAll()
    .where('oci_repository', '=', ociRepository)
    .orderBy('id')
    .execute()
  return rows.map((row) => ({ id: row.id, ociRepository: row.oci_repository, operations: row.operations }))
}

/** Resolves to the OCI repositories that have recorded work. */
export async function repositoriesWithIntents(db: Reader): Promise<string[]> {
  const rows = await db.selectFrom('intents').select('oci_repository').distinct().execute()
  return rows.map((row) => row.oci_repository)
}

export async function removeIntents(transaction: Transaction, ids: readonly number[]): Promise<void> {
  if (ids.length === 0) return
  await transaction.deleteFrom('intents').where('id', 'in', dialectOf(transaction).list(ids)).execute()
}
