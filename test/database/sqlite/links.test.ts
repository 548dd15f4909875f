/** Links must be read from indexes, at a cost that depends on the answer and not on the size of the database. */
import { join } from 'node:path'
import BetterSqlite3, { type Database } from 'better-sqlite3'
import type { CompiledQuery } from 'kysely'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Reader } from '../../../src/database/connection.ts'
import { listDownstreams } from '../../../src/database/package-revisions/downstream-list.ts'
import { latestOf, linksOf } from '../../../src/database/package-revisions/links.ts'
import { openDatabase } from '../../../src/database/sqlite/open.ts'
import { SEES_ALL } from '../../../src/domain/access/visible-set.ts'
import { temporaryFolder } from '../../support/temporary.ts'

const UPSTREAMS = 50
const CLONES = 2000

/** Packages `u0`, `u1`, … with 3 revisions, and clones of their first and last revisions with 3 revisions each. */
async function filled(): Promise<{ db: Reader; raw: Database; queries: CompiledQuery[] }> {
  const file = join(await temporaryFolder(), 'index.db')
  await openDatabase(file).destroy()
  const raw = new BetterSqlite3(file)
  raw.exec(
    "INSERT INTO repositories (name, type, description, labels, created_by, created_at, updated_at, resource_version) VALUES ('r', 'catalog', '', '{}', '', '', '', 1)",
  )
  const columns = raw
    .prepare<[], string>(
      "SELECT name FROM pragma_table_info('package_revisions') WHERE name NOT IN ('id', 'contents_id')",
    )
    .pluck()
    .all()
  const insert = raw.prepare(
    `INSERT INTO package_revisions (${columns}) VALUES (${columns.map((column) => `@${column}`)})`,
  )
  const empty = Object.fromEntries(
    columns.map((column) => [column, /size|count|_build|version$/.test(column) ? 0 : '{}']),
  )
  const ids = new Map<string, number | bigint>()
  const publish = (path: string, revision: number, upstream?: { path: string; revision: number }) =>
    insert.run({
      ...empty,
      readiness_gates: '[]',
      conditions: '[]',
      package_id: raw.prepare('SELECT id FROM packages WHERE path = ?').pluck().get(path),
      name: `r.${path}.w${revision}`,
      repository: 'r',
      package: path,
      workspace: `w${revision}`,
      revision,
      version: null,
      lifecycle: 'Published',
      latest: revision === 3 ? 1 : 0,
      updated_at: `${path}${revision}`,
      upstream_name: upstream ? `r.${upstream.path}.w${upstream.revision}` : null,
      upstream_repository: upstream ? 'r' : null,
      upstream_package: upstream?.path ?? null,
      upstream_revision: upstream?.revision ?? null,
      upstream_version: null,
    })
  raw.transaction(() => {
    const addPackage = raw.prepare("INSERT INTO packages (repository, path) VALUES ('r', ?)")
    for (let at = 0; at < UPSTREAMS; at++) {
      ids.set(`u${at}`, addPackage.run(`u${at}`).lastInsertRowid)
      for (const revision of [1, 2, 3]) publish(`u${at}`, revision)
    }
    for (let at = 0; at < CLONES; at++) {
      ids.set(`c${at}`, addPackage.run(`c${at}`).lastInsertRowid)
      const upstream = { path: `u${at % UPSTREAMS}`, revision: at < 20 ? 1 : 3 }
      for (const revision of [1, 2, 3]) publish(`c${at}`, revision, upstream)
    }
  })()
  const queries: CompiledQuery[] = []
  const db = openDatabase(file, ({ query }) => {
    queries.push(query)
  })
  onTestFinished(async () => {
    await db.destroy()
    raw.close()
  })
  return { db, raw, queries }
}

/** Returns the plan of the last query. */
function plan(raw: Database, queries: readonly CompiledQuery[]): string[] {
  const { sql, parameters } = queries.at(-1) as CompiledQuery
  const rows = raw.prepare<unknown[], { detail: string }>(`EXPLAIN QUERY PLAN ${sql}`).all(...parameters)
  return rows.map(({ detail }) => detail)
}

/** Returns the full scans in the plan of the last query, other than of tables that the query itself makes. */
function scans(raw: Database, queries: readonly CompiledQuery[]): string[] {
  const made = /^SCAN (?:tree|upstream|page|wanted|counted|json_each|\(subquery)/
  return plan(raw, queries).filter((detail) => detail.startsWith('SCAN') && !made.test(detail))
}

describe('queries about links', () => {
  it('find downstreams by the index', async () => {
    const { db, raw, queries } = await filled()
    const after = { depth: 1, name: 'r.c1' }
    const found = await listDownstreams(
      db,
      SEES_ALL,
      'r.u3.w3',
      { depth: 5, latest: true, outdated: false },
      { after, limit: 10 },
    )
    expect(found.items).toHaveLength(10)
    expect(scans(raw, queries)).toEqual([])
    await listDownstreams(db, SEES_ALL, 'r.u3.w3', { depth: 1 }, { limit: 10 })
    expect(scans(raw, queries)).toEqual([])
    expect(plan(raw, queries.slice(0, -1))).toEqual([expect.stringContaining('COVERING')])
    await listDownstreams(
      db,
      SEES_ALL,
      'r.u3.w3',
      { depth: 2 },
      { after: { depth: 2, name: 'r' }, limit: 10 },
    )
    expect(scans(raw, queries)).toEqual([])
    expect(plan(raw, queries).filter((detail) => detail.includes('package_revisions_upstream'))).toEqual([
      expect.stringContaining('COVERING'),
      expect.stringContaining('COVERING'),
    ])
  })

  it('find the neighbours of packages by the index', async () => {
    const { db, raw, queries } = await filled()
    const packages = ['u1', 'u2', 'c100'].map((path) => ({ repository: 'r', package: path }))
    const up = await linksOf(db, SEES_ALL, packages, 'up', 100)
    expect(up.map(({ downstream }) => downstream.name)).toEqual(['r.c100.w3', 'r.c100.w1', 'r.c100.w2'])
    expect(scans(raw, queries)).toEqual([])
    expect(await linksOf(db, SEES_ALL, packages, 'down', 7)).toHaveLength(7)
    expect(scans(raw, queries)).toEqual([])
    expect(await latestOf(db, packages)).toHaveLength(3)
    expect(scans(raw, queries)).toEqual([])
  })
})
