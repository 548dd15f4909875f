/** Packages that were made from a package, and how far they have followed it. */
import { sql } from 'kysely'
import type { LabelRequirement } from '../../domain/label-selector.ts'
import type { PackageId } from '../../domain/names.ts'
import { allOf } from '../name-range.ts'
import type { Db } from '../schema.ts'
import { labelCondition } from './filter.ts'

type Target = PackageId & { revision: number }

/** The packages whose latest revision was made from a lower revision of the upstream, in the order of their names. */
export async function outdatedPackages(
  db: Db,
  to: Target,
  filter: { repository?: string | undefined; labels: readonly LabelRequirement[] },
  limit: number,
): Promise<PackageId[]> {
  let query = db
    .selectFrom('package_revisions')
    .select(['repository', 'package'])
    .where('latest', '=', 1)
    .where('upstream_repository', '=', to.repository)
    .where('upstream_package', '=', to.package)
    .where('upstream_revision', '<', to.revision)
    .where(sql<boolean>`${allOf(filter.labels.map(labelCondition))}`)
    .orderBy('repository')
    .orderBy('package')
    .limit(limit)
  if (filter.repository !== undefined) query = query.where('repository', '=', filter.repository)
  return query.execute()
}

/** The names of all revisions that are based on revisions of a package, from one number to below another. */
export async function namesBasedOn(
  db: Db,
  upstream: PackageId,
  { from, to }: { from: number; to: number },
): Promise<string[]> {
  const rows = await db
    .selectFrom('package_revisions')
    .select('name')
    .where('upstream_repository', '=', upstream.repository)
    .where('upstream_package', '=', upstream.package)
    .where('latest', 'in', [0, 1])
    .where('upstream_revision', '>=', from)
    .where('upstream_revision', '<', to)
    .execute()
  return rows.map(({ name }) => name)
}

/** A revision of the package under work that has taken in that revision of the upstream, or a later one. */
export async function openUpgrade(db: Db, id: PackageId, to: Target): Promise<string | undefined> {
  const row = await db
    .selectFrom('package_revisions')
    .select('name')
    .where('repository', '=', id.repository)
    .where('package', '=', id.package)
    .where('lifecycle', 'in', ['Draft', 'Proposed'])
    .where('upstream_repository', '=', to.repository)
    .where('upstream_package', '=', to.package)
    .where('upstream_revision', '>=', to.revision)
    .orderBy('name')
    .limit(1)
    .executeTakeFirst()
  return row?.name
}

/** All workspaces of a package, of deleted revisions too: none of them can be used again. */
export async function usedWorkspaces(db: Db, id: PackageId): Promise<Set<string>> {
  const rows = await db
    .selectFrom('package_revisions')
    .select('workspace')
    .where('repository', '=', id.repository)
    .where('package', '=', id.package)
    .unionAll(
      db
        .selectFrom('retired_workspaces')
        .innerJoin('packages', 'packages.id', 'retired_workspaces.package_id')
        .select('workspace')
        .where('packages.repository', '=', id.repository)
        .where('packages.path', '=', id.package),
    )
    .execute()
  return new Set(rows.map(({ workspace }) => workspace))
}
