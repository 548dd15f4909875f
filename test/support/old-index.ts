/** Index files as earlier versions have left them. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import BetterSqlite3, { type Database } from 'better-sqlite3'
import { temporaryFolder } from './temporary.ts'

const MIGRATIONS = join(import.meta.dirname, '../../migrations/sqlite')

export type OldIndex = {
  file: string
  database: Database
  /** Adds a row of package_revisions; columns that are not given are empty. */
  addRevision: (row: Record<string, unknown>) => void
}

/** An empty index with only the migrations whose names sort before `migration`. */
export async function oldIndex(migration: string): Promise<OldIndex> {
  const file = join(await temporaryFolder(), 'index.db')
  const database = new BetterSqlite3(file)
  database.exec('CREATE TABLE migrations (name TEXT PRIMARY KEY, applied_at TEXT NOT NULL) STRICT')
  for (const name of readdirSync(MIGRATIONS).sort()) {
    if (name >= migration) continue
    database.exec(readFileSync(join(MIGRATIONS, name), 'utf8'))
    database.prepare('INSERT INTO migrations VALUES (?, ?)').run(name, '')
  }
  const columns = database
    .prepare<[], { name: string; type: string; required: number }>(
      'SELECT name, type, "notnull" AS required FROM pragma_table_info(\'package_revisions\')',
    )
    .all()
  const empty = Object.fromEntries(
    columns.map(({ name, type, required }) => [name, required === 0 ? null : type === 'TEXT' ? '' : 0]),
  )
  const json = { labels: '{}', annotations: '{}', readiness_gates: '[]', conditions: '[]' }
  const insert = database.prepare(
    `INSERT INTO package_revisions VALUES (${columns.map(({ name }) => `@${name}`)})`,
  )
  const addRevision = (row: Record<string, unknown>): void => {
    const { repository, package: path, workspace } = row
    const name = `${repository}.${String(path).replaceAll('/', '.')}.${workspace}`
    insert.run({ ...empty, ...json, name, ...row })
  }
  return { file, database, addRevision }
}
