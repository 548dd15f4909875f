/** The list of all revisions that are based on a revision, directly or through others. */
import { sql } from 'kysely'
import type { Visibility } from '../../domain/access/visible-set.ts'
import type { PackageRevision } from '../../domain/package-revision.ts'
import type { Reader } from '../connection.ts'
import { dialectOf } from '../dialect.ts'
import type { PartialPage } from '../partial-page.ts'
import { allOf } from '../sql.ts'
import { visibleRevisions } from '../visible.ts'
import { testsOf } from './filter.ts'
import { listPackageRevisions } from './list.ts'
import { toPackageRevision } from './row.ts'
import { selectPackageRevisions } from './select.ts'

export type Downstream = PackageRevision & {
  /** 1 for a revision based on the listed one itself, 2 for one based on that, … */
  depth: number
}

export type DownstreamFilter = {
  /** The greatest depth to list. */
  depth: number
  latest?: boolean | undefined
  outdated?: boolean | undefined
}

/** Where a page of downstreams ended. */
export type DownstreamCursor = { depth: number; name: string }

/**
 * Resolves to the visible downstreams of a revision, the nearest first, and then by name. What is based on a hidden one
 * is left out with it. An upstream is older than what is
 * based on it, so the links below a revision are a tree. Direct downstreams are an ordinary list: the tree is walked
 * only for pages behind it.
 */
export async function listDownstreams(
  db: Reader,
  visibility: Visibility,
  name: string,
  filter: DownstreamFilter,
  page: { after?: DownstreamCursor | undefined; limit: number },
): Promise<PartialPage<Downstream, DownstreamCursor>> {
  const { latest, outdated, depth } = filter
  const { after, limit } = page
  const direct: Downstream[] = []
  if (after === undefined || after.depth === 1) {
    const sort = { field: 'name', descending: false } as const
    const cursor = after && { value: after.name, name: after.name }
    const part = await listPackageRevisions(
      db,
      visibility,
      { upstream: name, latest, outdated },
      { sort, after: cursor, limit },
    )
    direct.push(...part.items.map((revision) => ({ ...revision, depth: 1 })))
    if (part.lookedTo) return { items: direct, lookedTo: { depth: 1, name: part.lookedTo.name } }
  }
  if (depth === 1 || direct.length === limit) return { items: direct }
  const behind = after !== undefined && after.depth > 1 ? after : { depth: 2, name: '' }
  return {
    items: [
      ...direct,
      ...(await belowDirect(db, visibility, name, { filter, after: behind, limit: limit - direct.length })),
    ],
  }
}

async function belowDirect(
  db: Reader,
  visibility: Visibility,
  name: string,
  page: { filter: DownstreamFilter; after: DownstreamCursor; limit: number },
): Promise<Downstream[]> {
  const { depth, latest, outdated } = page.filter
  const dialect = dialectOf(db)
  const visible = allOf(visibleRevisions(visibility, 'below'))
  const children = dialect.ordered(
    sql`tree`,
    sql`package_revisions AS below`,
    sql`below.upstream_name = tree.name AND ${visible}`,
  )
  const tests = [...testsOf(dialect, visibility, { latest, outdated }).values()].map(
    ({ condition }) => condition,
  )
  const matching = allOf([sql`tree.name = package_revisions.name`, ...tests])
  const found = sql<DownstreamCursor>`(
    WITH RECURSIVE tree (depth, name) AS (
      SELECT 1, below.name FROM package_revisions AS below WHERE below.upstream_name = ${name} AND ${visible}
      UNION ALL
      SELECT tree.depth + 1, below.name FROM ${children} WHERE tree.depth < ${depth}
    )
    SELECT tree.depth, tree.name
    FROM ${tests.length === 0 ? sql`tree` : dialect.ordered(sql`tree`, sql`package_revisions`, matching)}
    WHERE (tree.depth, tree.name) > (${page.after.depth}, ${page.after.name})
    ORDER BY tree.depth, tree.name LIMIT ${page.limit}
  )`
  const rows = await selectPackageRevisions(db)
    .innerJoin(found.as('page'), 'page.name', 'package_revisions.name')
    .select('page.depth')
    .orderBy('page.depth')
    .orderBy('page.name')
    .execute()
  return rows.map(({ depth: level, ...row }) => ({ ...toPackageRevision(row), depth: level }))
}
