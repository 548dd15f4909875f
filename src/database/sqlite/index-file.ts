/** The file of the index, as something that is moved and replaced. */
import { existsSync, renameSync, rmSync } from 'node:fs'
import BetterSqlite3 from 'better-sqlite3'

/** What SQLite keeps beside its file. */
const COMPANIONS = ['-wal', '-shm']

export type IndexFileState =
  | { state: 'missing' }
  /** Nothing but what every new index has. */
  | { state: 'empty' }
  | { state: 'filled'; resourceVersion: number }
  | { state: 'unreadable'; reason: string }

/** What a file holds, without changing its schema. Nobody else may have it open. */
export function inspectIndexFile(file: string): IndexFileState {
  if (!existsSync(file)) return { state: 'missing' }
  let database: BetterSqlite3.Database | undefined
  try {
    database = new BetterSqlite3(file)
    const count = (table: string): number =>
      database?.prepare<[], number>(`SELECT count(*) FROM (SELECT 1 FROM ${table} LIMIT 1)`).pluck().get() ??
      0
    const tables = database
      .prepare<[], string>("SELECT name FROM sqlite_schema WHERE type = 'table'")
      .pluck()
      .all()
    const filled = ['repositories', 'packages', 'jobs'].some(
      (table) => tables.includes(table) && count(table) > 0,
    )
    if (!filled) return { state: 'empty' }
    const version = database.prepare<[], number>("SELECT value FROM counters WHERE name = 'resource_version'")
    return { state: 'filled', resourceVersion: version.pluck().get() ?? 0 }
  } catch (error) {
    if (!(error instanceof BetterSqlite3.SqliteError)) throw error
    return { state: 'unreadable', reason: error.message }
  } finally {
    database?.close()
  }
}

/** Moves an index out of the way. What is still in its log goes into its file first, if it can be read. */
export function moveIndexFile(from: string, to: string): void {
  try {
    const database = new BetterSqlite3(from)
    database.pragma('journal_mode = DELETE')
    database.close()
  } catch (error) {
    if (!(error instanceof BetterSqlite3.SqliteError)) throw error
  }
  // The log first: left beside the next file of this name, it would be taken for that one's.
  for (const companion of [...COMPANIONS, '']) {
    if (existsSync(from + companion)) renameSync(from + companion, to + companion)
  }
}

export function removeIndexFile(file: string): void {
  for (const companion of [...COMPANIONS, '']) rmSync(file + companion, { force: true })
}
