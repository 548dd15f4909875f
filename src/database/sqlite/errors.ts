import BetterSqlite3 from 'better-sqlite3'
import { AppError } from '../../core/errors.ts'

/** Runs a statement. Throws `conflict` where a constraint forbids it, and `insufficient_storage` on a full disk. */
export function translated<T>(run: () => T): T {
  try {
    return run()
  } catch (cause) {
    if (!(cause instanceof BetterSqlite3.SqliteError)) throw cause
    if (cause.code.startsWith('SQLITE_CONSTRAINT')) {
      throw new AppError('conflict', 'another change came first: read the object again, and retry', { cause })
    }
    if (cause.code === 'SQLITE_FULL') {
      throw new AppError('insufficient_storage', 'The server has no room to store this.', { cause })
    }
    throw cause
  }
}
