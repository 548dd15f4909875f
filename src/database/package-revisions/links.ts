/** The links from upstreams to what is based on them, up and down. */
import { type RawBuilder, sql } from 'kysely'
import type { PackageId } from '../../domain/names.ts'
import type { PackageRevision } from '../../domain/package-revision.ts'
import type { PartialPage } from '../partial-page.ts'
import type { Db } from '../schema.ts'
import { listPackageRevisions } from './list.ts'
import { selectPackageRevisions } from './package-revisions.ts'
import { toPackageRevision } from './row.ts'

export type Downstream = PackageRevision & {
  /** 1 for what is based on the revision itself, 2 for what is based on that, … */
  depth: number
}

export type DownstreamFilter = {
  /** How far down. */
  depth: number
  latest?: boolean | undefined
  outdated?: boolean | undefined
}

/** Where a page of downstreams ended. */
export type DownstreamCursor = { depth: number; name: string }

/** The highest live revision of the package that a row's upstream belongs to. */
const UPSTREAM_LATEST = sql<number>`coalesce((
  SELECT newest.revision FROM package_revisions AS newest
  WHERE newest.repository = package_revisions.upstream_repository
    AND newest.package = package_revisions.upstream_package
    AND newest.latest = 1
), 0)`

/**
 * What is based on a revision, direct or through others, the nearest first, and then by name. No revision is its own
 * upstream by any way, as it is made after that; so the links below one are a tree. What is direct is a list as any
 * other; only those who go on behind it pay for the tree.
 */
export async function listDownstreams(
  db: Db,
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
      { upstream: name, latest, outdated },
      { sort, after: cursor, limit },
    )
    direct.push(...part.items.map((revision) => ({ ...revision, depth: 1 })))
    if (part.lookedTo) return { items: direct, lookedTo: { depth: 1, name: part.lookedTo.name } }
  }
  if (depth === 1 || direct.length === limit) return { items: direct }
  const behind = after !== undefined && after.depth > 1 ? after : { depth: 2, name: '' }
  return { items: [...direct, ...(await belowDirect(db, name, filter, behind, limit - direct.length))] }
}

async function belowDirect(
  db: Db,
  name: string,
  { depth, latest, outdated }: DownstreamFilter,
  after: DownstreamCursor,
  limit: number,
): Promise<Downstream[]> {
  const conditions = [sql`tree.name = package_revisions.name`]
  if (latest !== undefined) conditions.push(sql`package_revisions.latest = ${latest ? 1 : 0}`)
  if (outdated !== undefined) {
    conditions.push(sql`package_revisions.upstream_revision ${comparison(outdated)} ${UPSTREAM_LATEST}`)
  }
  // The names first: only for the rows of one page more than the index is looked at.
  const joined =
    conditions.length === 1 ? sql`` : sql`CROSS JOIN package_revisions ON ${sql.join(conditions, sql` AND `)}`
  const names = sql<DownstreamCursor>`(
    WITH RECURSIVE tree (depth, name) AS (
      SELECT 1, name FROM package_revisions WHERE upstream_name = ${name}
      UNION ALL
      SELECT tree.depth + 1, below.name
      FROM tree CROSS JOIN package_revisions AS below ON below.upstream_name = tree.name
      WHERE tree.depth < ${depth}
    )
    SELECT tree.depth, tree.name FROM tree ${joined}
    WHERE (tree.depth, tree.name) > (${after.depth}, ${after.name})
    ORDER BY tree.depth, tree.name LIMIT ${limit}
  )`
  const rows = await selectPackageRevisions(db)
    .innerJoin(names.as('page'), 'page.name', 'package_revisions.name')
    .select('page.depth')
    .orderBy('page.depth')
    .orderBy('page.name')
    .execute()
  return rows.map(({ depth: found, ...row }) => ({ ...toPackageRevision(row), depth: found }))
}

function comparison(outdated: boolean): RawBuilder<unknown> {
  return outdated ? sql`<` : sql`>=`
}

/** That a revision is based on one of another package. */
export type Link = {
  upstream: PackageId & { name: string; revision: number; version: string | null }
  downstream: PackageId & { name: string; revision: number; version: string | null }
  /** Whether the downstream is the latest of its package, or a draft: what its package stands at. */
  current: boolean
}

/**
 * At most `limit` links from packages to their upstreams (`up`), or to what is based on them: those of latest revisions
 * before all others.
 */
export async function linksOf(
  db: Db,
  packages: readonly PackageId[],
  direction: 'up' | 'down',
  limit: number,
): Promise<Link[]> {
  const ends =
    direction === 'up'
      ? sql`link.repository = wanted.repository AND link.package = wanted.package AND link.upstream_name IS NOT NULL`
      : sql`link.upstream_repository = wanted.repository AND link.upstream_package = wanted.package`
  const links = (latest: 0 | 1) => sql`
    SELECT link.name, link.repository, link.package, link.revision, link.version,
      link.upstream_name, link.upstream_repository, link.upstream_package, link.upstream_revision,
      link.upstream_version, link.latest = 1 OR link.revision = 0 AS current
    FROM ${wantedPackages(packages)} AS wanted
    CROSS JOIN package_revisions AS link ON ${ends} AND link.latest = ${latest}`
  const { rows } = await sql<LinkRow>`${links(1)} UNION ALL ${links(0)} LIMIT ${limit}`.execute(db)
  return rows.map(toLink)
}

type LinkRow = {
  name: string
  repository: string
  package: string
  revision: number
  version: string | null
  upstream_name: string
  upstream_repository: string
  upstream_package: string
  upstream_revision: number
  upstream_version: string | null
  current: number
}

function toLink(row: LinkRow): Link {
  const { name, repository, package: path, revision, version } = row
  return {
    upstream: {
      name: row.upstream_name,
      repository: row.upstream_repository,
      package: row.upstream_package,
      revision: row.upstream_revision,
      version: row.upstream_version,
    },
    downstream: { name, repository, package: path, revision, version },
    current: row.current === 1,
  }
}

/** The latest revisions of packages; none of a package that has published nothing. */
export async function latestOf(db: Db, packages: readonly PackageId[]): Promise<PackageRevision[]> {
  const rows = await selectPackageRevisions(db)
    .innerJoin(wantedPackages(packages).as('wanted'), (join) =>
      join
        .onRef('package_revisions.repository', '=', 'wanted.repository')
        .onRef('package_revisions.package', '=', 'wanted.package'),
    )
    .where('latest', '=', 1)
    .execute()
  return rows.map(toPackageRevision)
}

/** Packages as a table, in one parameter however many they are. */
function wantedPackages(packages: readonly PackageId[]): RawBuilder<PackageId> {
  const pairs = JSON.stringify(packages.map(({ repository, package: path }) => [repository, path]))
  return sql<PackageId>`(
    SELECT value ->> 0 AS repository, value ->> 1 AS package FROM json_each(${pairs})
  )`
}
