import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Database } from 'better-sqlite3'
import { AppError } from '../../core/errors.ts'

const FOLDER = join(import.meta.dirname, '../../../migrations/sqlite')

/**
 * Migrates a database to the schema of this version: applies the new files of `migrations/sqlite` by name, each in a
 * transaction. Throws `conflict` for a database that a newer version has written.
 */
export function migrate(database: Database): void {
  database.exec(
    'CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY, applied_at TEXT NOT NULL) STRICT',
  )
  const applied = database.prepare<[], string>('SELECT name FROM migrations').pluck().all()
  const files = readdirSync(FOLDER)
    .filter((name) => name.endsWith('.sql'))
    .sort()
  const unknown = applied.find((name) => !files.includes(name))
  if (unknown) {
    throw new AppError(
      'conflict',
      `the database ${database.name} has the migration ${unknown}, which this version of pkgserver does not know: run the newer version that wrote it`,
    )
  }
  const record = database.prepare('INSERT INTO migrations (name, applied_at) VALUES (?, ?)')
  for (const name of files.filter((file) => !applied.includes(file))) {
    database.transaction(() => {
      database.exec(readFileSync(join(FOLDER, name), 'utf8'))
      record.run(name, new Date().toISOString())
    })()
  }
}
