import BetterSqlite3, { type Database } from 'better-sqlite3'
import { Kysely, type SqliteDatabase, SqliteDialect, type SqliteStatement } from 'kysely'
import { LRUCache } from 'lru-cache'
import { AppError } from '../../core/errors.ts'
import type { Db, Schema } from '../schema.ts'
import { migrate } from './migrate.ts'

/**
 * Opens the database file, made and brought up to date if need be. A transaction that has been committed is on the
 * disk: synchronous=FULL syncs the write-ahead log on each commit. `:memory:` gives a database of its own.
 */
export function openDatabase(file: string): Db {
  const database = new BetterSqlite3(file)
  try {
    database.pragma('journal_mode = WAL')
    database.pragma('synchronous = FULL')
    database.pragma('foreign_keys = ON')
    database.pragma('busy_timeout = 5000')
    checkIntact(database)
    migrate(database)
  } catch (error) {
    database.close()
    if (!(error instanceof BetterSqlite3.SqliteError)) throw error
    throw new AppError(
      'unavailable',
      `the database ${file} cannot be used: ${error.message}. Put it back from a backup (pkgserver restore), or build it anew from the registry (pkgserver reindex --force).`,
      {
        cause: error,
      },
    )
  }
  return new Kysely<Schema>({ dialect: new SqliteDialect({ database: withStatementCache(database) }) })
}

/** In bytes. To read a larger index would keep the server from starting for seconds. */
const MAX_CHECKED = 512 * 1024 * 1024

/** A page that is damaged would be met in the middle of somebody's call, or never, and be copied into every backup. */
function checkIntact(database: Database): void {
  const pages = Number(database.pragma('page_count', { simple: true }))
  if (pages * Number(database.pragma('page_size', { simple: true })) > MAX_CHECKED) return
  const found = String(database.pragma('quick_check(1)', { simple: true })).replaceAll(/\s+/g, ' ')
  if (found !== 'ok') throw new BetterSqlite3.SqliteError(`it is damaged: ${found}`, 'SQLITE_CORRUPT')
}

/** Statements are compiled once for each text; the queries of this folder have few different ones. */
const STATEMENTS = 500

function withStatementCache(database: Database): SqliteDatabase {
  const statements = new LRUCache<string, SqliteStatement>({ max: STATEMENTS })
  return {
    close: () => database.close(),
    prepare: (sql) => {
      const cached = statements.get(sql)
      if (cached) return cached
      const statement: SqliteStatement = database.prepare(sql)
      statements.set(sql, statement)
      return statement
    },
  }
}
