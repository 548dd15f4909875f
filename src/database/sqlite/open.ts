import { chmodSync, closeSync, openSync, statSync } from 'node:fs'
import BetterSqlite3, { type Database } from 'better-sqlite3'
import { Kysely, type KyselyConfig, type SqliteDatabase, type SqliteStatement } from 'kysely'
import { LRUCache } from 'lru-cache'
import { AppError } from '../../core/errors.ts'
import type { Schema } from '../schema.ts'
import { IndexDialect } from './dialect.ts'
import { translated } from './errors.ts'
import { migrate } from './migrate.ts'

/**
 * Opens a database file, and creates or migrates it first where needed. `:memory:` opens a database of its own.
 * A committed transaction is on the disk: synchronous=FULL syncs the write-ahead log on each commit.
 */
export function openDatabase(file: string, log?: KyselyConfig['log']): Kysely<Schema> {
  let database: Database | undefined
  if (file !== ':memory:') keepFromOthers(file)
  try {
    database = new BetterSqlite3(file)
    database.pragma('journal_mode = WAL')
    database.pragma('synchronous = FULL')
    database.pragma('foreign_keys = ON')
    database.pragma('busy_timeout = 5000')
    // In memory: the data folder may be the only one that the server can write to.
    database.pragma('temp_store = MEMORY')
    checkIntact(database)
    // Writes nothing, but fails where the file can only be read.
    database.exec('BEGIN; PRAGMA user_version = 0; ROLLBACK')
    migrate(database)
  } catch (error) {
    database?.close()
    if (!(error instanceof BetterSqlite3.SqliteError)) throw error
    if (/^SQLITE_(?:CANTOPEN|READONLY|PERM)/.test(error.code)) {
      throw new AppError(
        'unavailable',
        `the database ${file} cannot be used: ${error.message}. Check that it is a file, and that this user may read and write it and its folder.`,
        { cause: error },
      )
    }
    throw new AppError(
      'unavailable',
      `the database ${file} cannot be used: ${error.message}. Restore it from a backup (pkgserver restore), or rebuild it from the registry (pkgserver reindex --force).`,
      { cause: error },
    )
  }
  const dialect = new IndexDialect({ database: withStatementCache(database) })
  return new Kysely<Schema>(log ? { dialect, log } : { dialect })
}

/** Takes the file from other users of the machine, as it has keys. SQLite gives its other files the same mode. */
function keepFromOthers(file: string): void {
  try {
    closeSync(openSync(file, 'a', 0o600))
    chmodSync(file, statSync(file).mode & 0o700)
  } catch {
    // It belongs to another user, or SQLite says what is wrong with it.
  }
}

/** In bytes. Reading a larger database would delay the start by seconds. */
const MAX_CHECKED = 512 * 1024 * 1024

/** A damaged page would otherwise fail some later request, or go unnoticed into every backup. */
export function checkIntact(database: Database): void {
  const pages = Number(database.pragma('page_count', { simple: true }))
  if (pages * Number(database.pragma('page_size', { simple: true })) > MAX_CHECKED) return
  const found = String(database.pragma('quick_check(1)', { simple: true })).replaceAll(/\s+/g, ' ')
  if (found !== 'ok') throw new BetterSqlite3.SqliteError(`it is damaged: ${found}`, 'SQLITE_CORRUPT')
}

const CACHED_STATEMENTS = 500

/** Compiles each SQL text once. */
function withStatementCache(database: Database): SqliteDatabase {
  const statements = new LRUCache<string, SqliteStatement>({ max: CACHED_STATEMENTS })
  return {
    close: () => database.close(),
    prepare: (sql) => {
      const cached = statements.get(sql)
      if (cached) return cached
      const statement = withErrors(database.prepare(sql))
      statements.set(sql, statement)
      return statement
    },
  }
}

function withErrors(statement: SqliteStatement): SqliteStatement {
  return {
    reader: statement.reader,
    all: (parameters) => translated(() => statement.all(parameters)),
    run: (parameters) => translated(() => statement.run(parameters)),
    iterate: (parameters) => statement.iterate(parameters),
  }
}
