import { join } from 'node:path'
import BetterSqlite3, { type Database } from 'better-sqlite3'
import { AppError } from '../../core/errors.ts'

/** Another process has the data folder. */
export class FolderInUseError extends AppError {
  constructor(folder: string, cause: unknown) {
    super('conflict', `another pkgserver is using ${folder}: stop it, or choose another folder`, {
      cause,
    })
  }
}

/**
 * Locks a data folder for this process. The lock is that of a SQLite file, which the operating system releases with
 * the process, however that ends. Throws `FolderInUseError`, and `unavailable` for a folder that cannot be locked.
 */
export function lockFolder(folder: string): { release: () => void } {
  const file = join(folder, 'lock.db')
  let database: Database | undefined
  try {
    database = new BetterSqlite3(file, { timeout: 0 })
    database.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    database?.close()
    throw lockError(folder, file, error)
  }
  return { release: () => database.close() }
}

function lockError(folder: string, file: string, error: unknown): unknown {
  if (!(error instanceof BetterSqlite3.SqliteError)) return error
  if (error.code === 'SQLITE_BUSY') return new FolderInUseError(folder, error)
  return new AppError(
    'unavailable',
    `${folder} cannot be used for data, as ${file} cannot be locked: ${error.message}. Let this user write there. If the file is damaged, remove it: nothing is stored in it.`,
    { cause: error },
  )
}
