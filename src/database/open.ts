import SqliteDatabase from 'better-sqlite3'
import { Kysely, SqliteDialect } from 'kysely'
import { migrate } from './migrate.ts'
import type { Db, Schema } from './schema.ts'

/**
 * Opens the database file, made and brought up to date if need be. A transaction that has been committed is on the
 * disk: synchronous=FULL syncs the write-ahead log on each commit. `:memory:` gives a database of its own.
 */
export function openDatabase(file: string): Db {
  const database = new SqliteDatabase(file)
  database.pragma('journal_mode = WAL')
  database.pragma('synchronous = FULL')
  database.pragma('foreign_keys = ON')
  database.pragma('busy_timeout = 5000')
  migrate(database)
  return new Kysely<Schema>({ dialect: new SqliteDialect({ database }) })
}
