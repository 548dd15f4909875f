/** The index of a data folder as a file. Only this folder knows the names of SQLite's files. */
import { existsSync, renameSync, rmSync } from 'node:fs'
import { readdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import BetterSqlite3, { type Database } from 'better-sqlite3'
import { AppError } from '../../core/errors.ts'
import { migrate } from './migrate.ts'
import { checkIntact } from './open.ts'

const NAME = 'index.db'

/** The files that SQLite keeps beside a database: its write-ahead log, and shared memory. */
const COMPANIONS = ['-wal', '-shm']

export function indexFile(folder: string): string {
  return join(folder, NAME)
}

/** Returns a file of an index in the folder, be it an old one that was moved aside; undefined where there is none. */
export async function findIndexFile(folder: string): Promise<string | undefined> {
  const name = (await readdir(folder)).find((each) => each.startsWith(NAME))
  return name && join(folder, name)
}

/** Pages copied at a time. Writers wait meanwhile. */
const PAGES = 10_000

/**
 * Copies the index of a folder, as it is now and while it is in use, to a file that needs no companions. Logins are left
 * out: one that was ended since would come back with the copy. It has the secrets of these names alone: with the others, the
 * copy could make tokens of the server.
 */
export async function copyIndex(folder: string, to: string, secrets: readonly string[]): Promise<void> {
  const source = new BetterSqlite3(indexFile(folder), { readonly: true })
  try {
    await source.backup(to, { progress: () => PAGES })
  } finally {
    source.close()
  }
  const copy = new BetterSqlite3(to)
  try {
    copy.pragma('journal_mode = DELETE')
    // Overwrites what is deleted.
    copy.pragma('secure_delete = ON')
    copy
      .prepare('DELETE FROM settings WHERE name NOT IN (SELECT value FROM json_each(?))')
      .run(JSON.stringify(secrets))
    copy.exec('DELETE FROM sessions; DELETE FROM device_logins')
  } finally {
    copy.close()
  }
}

/** Tells why a file cannot become the index of a folder; undefined if it can. Migrates it. */
export function indexProblem(file: string): string | undefined {
  let database: Database | undefined
  try {
    database = new BetterSqlite3(file)
    checkIntact(database)
    // A new database would become an index, too.
    if (!tablesOf(database).includes('migrations')) return 'it is empty, or that of another program'
    migrate(database)
    const tables = tablesOf(database)
    const missing = tablesOfNewIndex().find((table) => !tables.includes(table))
    return missing && `the table ${missing} is missing`
  } catch (error) {
    if (error instanceof BetterSqlite3.SqliteError || error instanceof AppError) return error.message
    throw error
  } finally {
    database?.close()
  }
}

function tablesOf(database: Database): string[] {
  return database.prepare<[], string>("SELECT name FROM sqlite_schema WHERE type = 'table'").pluck().all()
}

function tablesOfNewIndex(): string[] {
  const database = new BetterSqlite3(':memory:')
  try {
    migrate(database)
    return tablesOf(database)
  } finally {
    database.close()
  }
}

/** Makes such a copy the index of a folder that has none. */
export async function placeIndex(copy: string, folder: string): Promise<void> {
  await rename(copy, indexFile(folder))
}

/** Renames a database. What is in its log is written to its file first, if it can be read. */
export function moveDatabase(from: string, to: string): void {
  try {
    const database = new BetterSqlite3(from)
    database.pragma('journal_mode = DELETE')
    database.close()
  } catch (error) {
    if (!(error instanceof BetterSqlite3.SqliteError)) throw error
  }
  // The log first: SQLite would take a log left behind for that of the next file with this name.
  for (const companion of [...COMPANIONS, '']) {
    if (existsSync(from + companion)) renameSync(from + companion, to + companion)
  }
}

export function removeDatabase(file: string): void {
  for (const companion of [...COMPANIONS, '']) rmSync(file + companion, { force: true })
}
