/** Puts a rebuilt index in the place of another. */
import { existsSync, renameSync } from 'node:fs'
import BetterSqlite3 from 'better-sqlite3'
import { syncFolder } from '../../core/folder.ts'
import { type Index, indexOn } from '../open.ts'
import { indexFile, moveDatabase, removeDatabase } from './index-file.ts'
import { openDatabase } from './open.ts'

export type IndexState = { file: string } & (
  | { state: 'missing' }
  /** It has nothing but what every new index has. */
  | { state: 'empty' }
  | { state: 'filled'; resourceVersion: number }
  | { state: 'unreadable'; reason: string }
)

/** Tells what the index of a folder has, without changing its schema. No process may have it open. */
export function inspectIndex(folder: string): IndexState {
  const file = indexFile(folder)
  if (!existsSync(file)) return { file, state: 'missing' }
  let database: BetterSqlite3.Database | undefined
  try {
    database = new BetterSqlite3(file)
    const resourceVersion = resourceVersionOf(database)
    return resourceVersion === undefined
      ? { file, state: 'empty' }
      : { file, state: 'filled', resourceVersion }
  } catch (error) {
    if (!(error instanceof BetterSqlite3.SqliteError)) throw error
    return { file, state: 'unreadable', reason: error.message }
  } finally {
    database?.close()
  }
}

/** Returns undefined for an index with nothing in it. */
function resourceVersionOf(database: BetterSqlite3.Database): number | undefined {
  const tables = database
    .prepare<[], string>("SELECT name FROM sqlite_schema WHERE type = 'table'")
    .pluck()
    .all()
  const filled = ['repositories', 'packages', 'jobs', 'principals', 'bindings'].some(
    (table) => tables.includes(table) && database.prepare(`SELECT 1 FROM ${table} LIMIT 1`).get(),
  )
  if (!filled) return undefined
  const version = database.prepare<[], number>("SELECT value FROM counters WHERE name = 'resource_version'")
  return version.pluck().get() ?? 0
}

export type NewIndex = Index & {
  /** Closes it and puts it in place. Resolves to where the old index is now, if that is kept. */
  install: (options: { keepOld: boolean }) => Promise<string | undefined>
}

/** Opens an empty index beside that of a folder, which stays untouched until the new one is installed. */
export function openNewIndex(folder: string): NewIndex {
  const file = indexFile(folder)
  const beside = `${file}.reindex`
  removeDatabase(beside)
  const index = indexOn(openDatabase(beside))
  const install = async ({ keepOld }: { keepOld: boolean }): Promise<string | undefined> => {
    // Closing writes the log into the file.
    await index.close()
    const aside = keepOld ? `${file}.${new Date().toISOString().replaceAll(/[:.]/g, '-')}` : undefined
    if (aside) moveDatabase(file, aside)
    else removeDatabase(file)
    renameSync(beside, file)
    await syncFolder(folder)
    return aside
  }
  return { ...index, install }
}
