/** Lists must walk an index for every filter and order, and find the same rows as a filter in JavaScript. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import BetterSqlite3, { type Database } from 'better-sqlite3'
import fc from 'fast-check'
import type { CompiledQuery, Kysely } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { listImages } from '../../../src/database/contents/image-list.ts'
import { listObjects } from '../../../src/database/contents/object-list.ts'
import { namesListed, revisionsNamed } from '../../../src/database/package-revisions/by-name.ts'
import { listDownstreams } from '../../../src/database/package-revisions/downstream-list.ts'
import { namesBasedOn } from '../../../src/database/package-revisions/downstreams.ts'
import type { PackageRevisionFilter } from '../../../src/database/package-revisions/filter.ts'
import { type Cursor, cursorAt, listPackageRevisions } from '../../../src/database/package-revisions/list.ts'
import { listPackages } from '../../../src/database/repositories/package-list.ts'
import type { Schema } from '../../../src/database/schema.ts'
import { openDatabase } from '../../../src/database/sqlite/open.ts'
import { patternOf } from '../../../src/domain/access/pattern.ts'
import { SEES_ALL, type Visibility } from '../../../src/domain/access/visible-set.ts'
import { imageReference } from '../../../src/domain/image-reference.ts'
import { type LabelRequirement, parseLabelSelector } from '../../../src/domain/label-selector.ts'
import { type PackageRevision, SORT_FIELDS, type Sort } from '../../../src/domain/package-revision.ts'
import { load, packageAt, repositoryAt, sampleOf } from '../../support/sample-index.ts'
import { seenAs, visibilities } from '../../support/visibilities.ts'

/** More rows than count as few, so that lists plan in both ways. */
const SAMPLE = sampleOf(6000)

const folder = mkdtempSync(join(tmpdir(), 'pkgserver-test-'))
const queries: CompiledQuery[] = []
let raw: Database
let db: Kysely<Schema>
let all: PackageRevision[]

beforeAll(async () => {
  const file = join(folder, 'index.db')
  await load(file, SAMPLE)
  raw = new BetterSqlite3(file)
  db = openDatabase(file, ({ query }) => {
    queries.push(query)
  })
  all = await walked({}, { field: 'name', descending: false }, 1000)
})

afterAll(async () => {
  await db.destroy()
  raw.close()
  rmSync(folder, { recursive: true })
})

/** Reads a whole list, page by page. */
async function walked(
  filter: PackageRevisionFilter,
  sort: Sort,
  limit: number,
  visibility = SEES_ALL,
): Promise<PackageRevision[]> {
  const found: PackageRevision[] = []
  let after: Cursor | undefined
  for (;;) {
    const { items, lookedTo } = await listPackageRevisions(db, visibility, filter, {
      sort,
      after,
      limit,
    })
    found.push(...items)
    const last = items.at(-1)
    after = lookedTo ?? (items.length === limit && last ? cursorAt(last, sort) : undefined)
    if (!after) return found
  }
}

/** Returns the scans and sorts in the plans of the queries since the last call that must not be there. */
function faults(): string[] {
  const seen = new Set<string>()
  return queries.splice(0).flatMap(({ sql, parameters }) => {
    if (seen.has(sql)) return []
    seen.add(sql)
    const rows = raw.prepare<unknown[], { detail: string }>(`EXPLAIN QUERY PLAN ${sql}`).all(...parameters)
    const plan = rows.map(({ detail }) => detail)
    // Candidates are few, so they may be sorted.
    const maySort = sql.includes('AS candidate')
    // Patterns such as a*/x/** need the names of all repositories.
    if (sql === 'select "name" from "repositories"') return []
    const bad = plan.filter(
      (detail) =>
        /^SCAN (?!\(subquery|counted|candidate|json_each|revision_words|package_words)(?!.*USING (?:COVERING )?INDEX)/.test(
          detail,
        ) ||
        (/^SCAN .*USING/.test(detail) && !/LIMIT/.test(sql)) ||
        (detail.includes('TEMP B-TREE') && !maySort),
    )
    return bad.map((detail) => `${detail}: ${sql}`)
  })
}

const FILTERS: PackageRevisionFilter[] = [
  { repository: 'site-003' },
  { package: packageAt(SAMPLE, 77).path },
  { workspace: 'v4' },
  { lifecycle: 'Published' },
  { lifecycle: 'Draft' },
  { latest: true },
  { latest: false },
  { revision: 0 },
  { revision: 3 },
  { version: '1.0.0' },
  { upstream: 'site-000.cluster-000000.upf.v1' },
  { outdated: true },
  { outdated: false },
  { q: 'upf' },
  { q: 'deploy' },
  { q: 'site-00 cluster-00002' },
  { q: 'nothing-like-this' },
  ...[
    'env=prod',
    'tier',
    '!tier',
    'env!=prod',
    'env in (dev, test)',
    'team notin (team-1)',
    'team=team-7',
  ].map((selector) => ({ labels: parseLabelSelector(selector) })),
]
const SORTS: Sort[] = SORT_FIELDS.flatMap((field) => [
  { field, descending: false },
  { field, descending: true },
])

const REPOSITORIES = Array.from({ length: SAMPLE.repositories }, (_, at) => repositoryAt(at))
const PATHS = [1, 2, 3, 61, 77].map((at) => packageAt(SAMPLE, at).path)
const SOME: Visibility = {
  published: ['site-001', 'site-003', 'site-007'].map((repository) => patternOf({ repository })),
  drafts: [patternOf({ repository: 'site-003' })],
}

function has({ labels }: PackageRevision, requirement: LabelRequirement): boolean {
  const value = labels[requirement.key]
  if (requirement.operator === 'exists') return value !== undefined
  if (requirement.operator === 'absent') return value === undefined
  const among = value !== undefined && 'values' in requirement && requirement.values.includes(value)
  return requirement.operator === 'in' ? among : !among
}

/** Applies a filter to a revision as its documentation says. */
function matches(revision: PackageRevision, filter: PackageRevisionFilter): boolean {
  const { labels = [], q = '', upstream, outdated, ...fields } = filter
  const is = Object.entries(fields).every(
    ([field, value]) => value === undefined || revision[field as keyof PackageRevision] === value,
  )
  const based = revision.upstream
  const isOutdated = based === null ? undefined : (revision.upstreamLatest ?? 0) > based.revision
  // Each package of the sample has an object of this kind.
  const text = `${revision.name} deployment ${revision.package.replace(/.*\//, '')}`.replace(
    /[^a-z0-9]+/g,
    ' ',
  )
  return (
    is &&
    (upstream === undefined || based?.name === upstream) &&
    (outdated === undefined || isOutdated === outdated) &&
    labels.every((requirement) => has(revision, requirement)) &&
    q
      .split(' ')
      .filter(Boolean)
      .every((word) => ` ${text}`.includes(` ${word.replaceAll('-', ' ')}`))
  )
}

describe('lists of package revisions', () => {
  it.each([
    ['sees everything', SEES_ALL],
    ['sees what is published', { ...SEES_ALL, drafts: [] }],
    ['sees some repositories, and drafts in one of them', SOME],
  ])('walk an index for each two filters and each order, for a caller that %s', async (_who, visibility) => {
    for (const sort of SORTS) {
      const after = cursorAt(all[3000] as PackageRevision, sort)
      for (const [at, one] of [{}, ...FILTERS].entries()) {
        for (const other of FILTERS.slice(0, at)) {
          const labels = [...(one.labels ?? []), ...(other.labels ?? [])]
          const filter = { ...other, ...one, ...(labels.length > 0 ? { labels } : {}) }
          await listPackageRevisions(db, visibility, filter, {
            sort,
            after: at % 2 ? after : undefined,
            limit: 3,
          })
        }
      }
    }
    expect(faults()).toEqual([])
  })

  it('find the visible rows that match the filter, in the requested order', async () => {
    const filters = fc.array(fc.constantFrom(...FILTERS), { maxLength: 3 }).map((parts) => {
      const labels = parts.flatMap((part) => part.labels ?? [])
      return {
        ...Object.assign({}, ...parts),
        ...(labels.length > 0 ? { labels } : {}),
      } as PackageRevisionFilter
    })
    await fc.assert(
      fc.asyncProperty(
        filters,
        fc.constantFrom(...SORTS),
        fc.constantFrom(150, 999),
        visibilities(REPOSITORIES, PATHS),
        async (filter, sort, limit, visibility) => {
          const key = (revision: PackageRevision) => `${cursorAt(revision, sort).value} ${revision.name}`
          const expected = all
            .map((revision) => seenAs(visibility, revision))
            .filter((revision) => revision !== undefined)
            .filter((revision) => matches(revision, filter))
            .sort((a, b) => (key(a) < key(b) === sort.descending ? 1 : -1))
          const found = await walked(filter, sort, limit, visibility)
          expect(found.map(({ name }) => name)).toEqual(expected.map(({ name }) => name))
        },
      ),
      { numRuns: 80 },
    )
    expect(faults()).toEqual([])
  })
})

describe('other lists', () => {
  it('of downstreams walk an index', async () => {
    const upstream = all.find(({ upstream }) => upstream !== null)?.upstream?.name ?? ''
    for (const filter of [{}, { latest: true }, { outdated: true }, { latest: false, outdated: false }]) {
      const { items } = await listDownstreams(db, SEES_ALL, upstream, { depth: 1, ...filter }, { limit: 10 })
      const after = { depth: 1, name: items[0]?.name ?? '' }
      await listDownstreams(db, SEES_ALL, upstream, { depth: 1, ...filter }, { after, limit: 10 })
    }
    expect(faults()).toEqual([])
  })

  it('of the lookups of watches walk an index, and agree with lists', async () => {
    const names = all.filter((_, at) => at % 37 === 0).map(({ name }) => name)
    const found = await revisionsNamed(db, [...names, 'nothing.like.this'])
    expect(found.map(({ name }) => name).sort()).toEqual([...names].sort())
    for (const filter of [
      { q: 'upf' },
      { outdated: true },
      { outdated: false, q: 'site-00' },
      { q: '***' },
    ]) {
      const listed = await namesListed(db, SEES_ALL, filter, names)
      const lists = (await walked(filter, { field: 'name', descending: false }, 1000)).map(({ name }) => name)
      expect([...listed].sort()).toEqual(names.filter((name) => lists.includes(name)).sort())
    }
    const upstream = all.find(({ upstream }) => upstream !== null)?.upstream
    if (!upstream) throw new Error('nothing has an upstream')
    const based = await namesBasedOn(db, upstream, { from: 2, to: 5 })
    const expected = all.filter(({ upstream: link }) => {
      const same = link?.repository === upstream.repository && link.package === upstream.package
      return same && link.revision >= 2 && link.revision < 5
    })
    expect(based.sort()).toEqual(expected.map(({ name }) => name).sort())
    expect(based.length).toBeGreaterThan(0)
    expect(faults()).toEqual([])
  })

  it('of packages walk an index', async () => {
    for (const filter of [
      {},
      { repository: 'site-003' },
      { q: 'upf' },
      { q: 'cluster-00001 up', repository: 'site-001' },
    ]) {
      const { items } = await listPackages(db, SEES_ALL, filter, { limit: 10 })
      await listPackages(db, SEES_ALL, filter, { after: items[2], limit: 10 })
    }
    expect(faults()).toEqual([])
  })

  it('of objects walk an index, and have each occurrence once', async () => {
    const object = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'site-001-upf', name: 'upf-64' }
    const fields = Object.keys(object) as (keyof typeof object)[]
    for (let chosen = 1; chosen < 2 ** fields.length; chosen++) {
      const filter = Object.fromEntries(
        fields.filter((_, at) => chosen & (1 << at)).map((field) => [field, object[field]]),
      )
      for (const latest of [undefined, true]) {
        const seen: string[] = []
        for (let after: Parameters<typeof listObjects>[3]['after'], pages = 0; pages < 20; pages++) {
          const { items, lookedTo } = await listObjects(
            db,
            SEES_ALL,
            { ...filter, latest },
            { after, limit: 25 },
          )
          seen.push(...items.map((item) => [item.kind, item.namespace, item.name, item.in.name].join()))
          const last = items.at(-1)
          after = lookedTo ?? (last && items.length === 25 ? { ...last, behind: last.in.name } : undefined)
          if (!after) break
        }
        expect(new Set(seen).size, JSON.stringify(filter)).toBe(seen.length)
        expect(seen.length, JSON.stringify(filter)).toBeGreaterThan(0)
      }
    }
    expect(faults()).toEqual([])
  })

  it('of images walk an index', async () => {
    for (const image of ['registry.example.com/nf/upf', 'registry.example.com/nf/upf:1.4.0']) {
      const { items } = await listImages(db, SEES_ALL, imageReference(image), { limit: 3 })
      expect(items).toHaveLength(3)
      const last = items[1]
      const after = last && { ...last, behind: last.in.name }
      await listImages(db, SEES_ALL, imageReference(image), { after, limit: 5 })
    }
    expect(faults()).toEqual([])
  })
})
