/** That an index of before there was a search is found whole behind its migration. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import BetterSqlite3 from 'better-sqlite3'
import { expect, it, onTestFinished } from 'vitest'
import { listPackageRevisions } from '../../../src/database/package-revisions/list.ts'
import { listPackages } from '../../../src/database/repositories/packages.ts'
import { openDatabase } from '../../../src/database/sqlite/open.ts'
import { parseLabelSelector } from '../../../src/domain/label-selector.ts'
import { temporaryFolder } from '../../support/temporary.ts'

const MIGRATIONS = join(import.meta.dirname, '../../../migrations/sqlite')

async function before(): Promise<string> {
  const file = join(await temporaryFolder(), 'index.db')
  const raw = new BetterSqlite3(file)
  raw.exec('CREATE TABLE migrations (name TEXT PRIMARY KEY, applied_at TEXT NOT NULL) STRICT')
  for (const name of readdirSync(MIGRATIONS)
    .filter((migration) => migration < '0005')
    .sort()) {
    raw.exec(readFileSync(join(MIGRATIONS, name), 'utf8'))
    raw.prepare('INSERT INTO migrations VALUES (?, ?)').run(name, '')
  }
  raw.exec("INSERT INTO repositories VALUES (1, 'r', 'catalog', '', '{}', '', '', '', 1)")
  raw.exec(
    "INSERT INTO packages VALUES (1, 'r', 'nf/upf', 2, 0), (2, 'r', 'edge', 1, 0), (3, 'r', 'gone', 1, 0)",
  )
  const columns = raw
    .prepare<[], { name: string; type: string }>(
      "SELECT name, type FROM pragma_table_info('package_revisions')",
    )
    .all()
  const empty = Object.fromEntries(
    columns.map(({ name, type }) => {
      if (name.startsWith('upstream')) return [name, null]
      if (name === 'conditions' || name === 'readiness_gates') return [name, '[]']
      return [name, type === 'TEXT' ? '{}' : 0]
    }),
  )
  const insert = raw.prepare(
    `INSERT INTO package_revisions VALUES (${columns.map(({ name }) => `@${name}`)})`,
  )
  const add = (id: number, path: string, revision: number, more: object) =>
    insert.run({
      ...empty,
      id,
      package_id: path === 'edge' ? 2 : 1,
      name: `r.${path.replace('/', '.')}.w${revision}`,
      repository: 'r',
      package: path,
      workspace: `w${revision}`,
      revision,
      version: null,
      lifecycle: 'Published',
      updated_at: `2026-0${id}`,
      ...more,
    })
  add(1, 'nf/upf', 1, {})
  add(2, 'nf/upf', 2, { latest: 1 })
  const upstream = { upstream_name: 'r.nf.upf.w1', upstream_repository: 'r', upstream_package: 'nf/upf' }
  add(3, 'edge', 1, { latest: 1, ...upstream, upstream_revision: 1 })
  raw.exec("INSERT INTO package_revision_labels VALUES (3, 'env', 'prod')")
  raw.close()
  return file
}

it('the migration to a search keeps what is there, and finds it', async () => {
  const db = openDatabase(await before())
  onTestFinished(() => db.destroy())
  const names = async (filter: Parameters<typeof listPackageRevisions>[1]) => {
    const sort = { field: 'name', descending: false } as const
    return (await listPackageRevisions(db, filter, { sort, limit: 10 })).items.map(({ name }) => name)
  }
  expect(await names({})).toEqual(['r.edge.w1', 'r.nf.upf.w1', 'r.nf.upf.w2'])
  expect(await names({ q: 'nf/u' })).toEqual(['r.nf.upf.w1', 'r.nf.upf.w2'])
  expect(await names({ outdated: true })).toEqual(['r.edge.w1'])
  expect(await names({ outdated: false })).toEqual([])
  expect(await names({ labels: parseLabelSelector('env=prod') })).toEqual(['r.edge.w1'])
  expect(await names({ labels: parseLabelSelector('env') })).toEqual(['r.edge.w1'])
  expect((await listPackages(db, {}, { limit: 10 })).items).toEqual([
    {
      repository: 'r',
      package: 'edge',
      latestRevision: 1,
      latestVersion: null,
      revisionCount: 1,
      updatedAt: '2026-03',
    },
    {
      repository: 'r',
      package: 'nf/upf',
      latestRevision: 2,
      latestVersion: null,
      revisionCount: 2,
      updatedAt: '2026-02',
    },
  ])
  expect((await listPackages(db, { q: 'ed' }, { limit: 10 })).items).toHaveLength(1)
})
