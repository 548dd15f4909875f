import { join } from 'node:path'
import BetterSqlite3, { type Database } from 'better-sqlite3'
import { AppError, FolderInUseError } from '../../core/errors.ts'

/**
 * Keeps a data folder for this process: two on one folder would each believe their own memory. The lock is that of
 * an SQLite file, which the operating system lets go with the process, however that ends. Throws `conflict`, and
 * `unavailable` for a folder in which nothing can be locked.
 */
export function lockFolder(folder: string): { release: () => void } {
  let database: Database | undefined
  try {
    database = new BetterSqlite3(join(folder, 'lock.db'), { timeout: 0 })
    database.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    database?.close()
    throw lockError(folder, error)
  }
  return { release: () => database.close() }
}

function lockError(folder: string, error: unknown): unknown {
  if (!(error instanceof BetterSqlite3.SqliteError)) return error
  if (error.code === 'SQLITE_BUSY') {
    return new FolderInUseError(folder, error)
  }
  return new AppError('unavailable', `${folder} cannot be used for data: ${error.message}`, { cause: error })
}
