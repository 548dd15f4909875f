import type { Db } from './schema.ts'

/** What has to be done in one OCI repository, as JSON that this layer does not read. */
export type Intent = { id: number; ociRepository: string; operations: string }

/** Records registry work in the transaction that decides it. Resolves to its id. */
export async function addIntent(db: Db, intent: Omit<Intent, 'id'>, createdAt: string): Promise<number> {
  const { id } = await db
    .insertInto('intents')
    .values({ oci_repository: intent.ociRepository, operations: intent.operations, created_at: createdAt })
    .returning('id')
    .executeTakeFirstOrThrow()
  return id
}

/** What is still to be done in an OCI repository, oldest first. */
export async function pendingIntents(db: Db, ociRepository: string): Promise<Intent[]> {
  const rows = await db
    .selectFrom('intents')
    .selectAll()
    .where('oci_repository', '=', ociRepository)
    .orderBy('id')
    .execute()
  return rows.map((row) => ({ id: row.id, ociRepository: row.oci_repository, operations: row.operations }))
}

/** The OCI repositories in which something is still to be done. */
export async function repositoriesWithIntents(db: Db): Promise<string[]> {
  const rows = await db.selectFrom('intents').select('oci_repository').distinct().execute()
  return rows.map((row) => row.oci_repository)
}

export async function removeIntents(db: Db, ids: readonly number[]): Promise<void> {
  if (ids.length > 0) await db.deleteFrom('intents').where('id', 'in', ids).execute()
}
