/** Links between packages: which are based on which. */
import { sql } from 'kysely'
import type { Visibility } from '../../domain/access/visible-set.ts'
import type { PackageId } from '../../domain/names.ts'
import type { PackageRevision } from '../../domain/package-revision.ts'
import type { Reader } from '../connection.ts'
import { dialectOf } from '../dialect.ts'
import { allOf } from '../sql.ts'
import { visiblePackages, visibleRevisions } from '../visible.ts'
import { toPackageRevision } from './row.ts'
import { selectPackageRevisions } from './select.ts'

/** A revision that is based on one of another package. */
export type Link = {
  upstream: PackageId & { name: string; revision: number; version: string | null }
  downstream: PackageId & { name: string; revision: number; version: string | null }
  /** True if the downstream is the latest revision of its package, or a draft. */
  current: boolean
}

/**
 * Resolves to at most `limit` links from packages to their upstreams (`up`) or downstreams (`down`) with both ends
 * visible, those of latest revisions first.
 */
export async function linksOf(
  db: Reader,
  visibility: Visibility,
  packages: readonly PackageId[],
  direction: 'up' | 'down',
  limit: number,
): Promise<Link[]> {
  const ends =
    direction === 'up'
      ? sql`link.repository = wanted.repository AND link.package = wanted.package AND link.upstream_name IS NOT NULL`
      : sql`link.upstream_repository = wanted.repository AND link.upstream_package = wanted.package`
  const upstream = [sql.ref('link.upstream_repository'), sql.ref('link.upstream_package')] as const
  const visible = [
    ...visibleRevisions(visibility, 'link'),
    ...visiblePackages(visibility.published, ...upstream),
  ]
  const { rows: asTable, ordered } = dialectOf(db)
  const wanted = sql`${asTable(['repository', 'package'], packages)} AS wanted`
  const links = (latest: 0 | 1) => sql`
    SELECT link.name, link.repository, link.package, link.revision, link.version,
      link.upstream_name, link.upstream_repository, link.upstream_package, link.upstream_revision,
      link.upstream_version, link.latest = 1 OR link.revision = 0 AS current
    FROM ${ordered(wanted, sql`package_revisions AS link`, sql`${ends} AND link.latest = ${latest}`)}
    WHERE ${allOf(visible)}`
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
  current: number | boolean
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
    current: Boolean(row.current),
  }
}

/** Resolves to the latest revision of each package that has published one. */
export async function latestOf(db: Reader, packages: readonly PackageId[]): Promise<PackageRevision[]> {
  const wanted = dialectOf(db).rows(['repository', 'package'], packages)
  const rows = await selectPackageRevisions(db)
    .innerJoin(wanted.as('wanted'), (join) =>
      join
        .onRef('package_revisions.repository', '=', 'wanted.repository')
        .onRef('package_revisions.package', '=', 'wanted.package'),
    )
    .where('latest', '=', 1)
    .execute()
  return rows.map(toPackageRevision)
}
