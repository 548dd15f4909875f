import type { Kysely, Transaction as KyselyTransaction } from 'kysely'
import type { Schema } from './schema.ts'

/** Reads from the index: the open database, or a transaction on it. */
export type Reader = Pick<Kysely<Schema>, 'selectFrom' | 'selectNoFrom' | 'getExecutor'>

/**
 * Reads and writes what is committed together. Only `GroupCommit` hands them out, and an open database is not one: a
 * write cannot bypass the transaction of its decision.
 */
export type Transaction = KyselyTransaction<Schema>
