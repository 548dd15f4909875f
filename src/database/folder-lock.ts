import { join } from 'node:path'
import SqliteDatabase from 'better-sqlite3'
import { AppError } from '../errors.ts'

/**
 * Keeps a data folder for this process: two on one folder would each believe their own memory. The lock is that of
 * an SQLite file, which the operating system lets go with the process, however that ends. Throws `conflict`.
 */
export function lockFolder(folder: string): { release: () => void } {
  const database = new SqliteDatabase(join(folder, 'lock.db'), { timeout: 0 })
  try {
    database.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    throw new AppError(
      'conflict',
      `another pkgserver is at work on ${folder}: stop it, or choose another folder`,
      {
        cause: error,
      },
    )
  }
  return { release: () => database.close() }
}
