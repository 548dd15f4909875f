/** Packages that are based on a package, and which of its revisions they have. */
import { sql } from 'kysely'
import type { Visibility } from '../../domain/access/visible-set.ts'
import type { LabelRequirement } from '../../domain/label-selector.ts'
import type { PackageId } from '../../domain/names.ts'
import type { Reader } from '../connection.ts'
import { allOf } from '../sql.ts'
import { visiblePackages } from '../visible.ts'
import { labelCondition } from './filter.ts'

type Target = PackageId & { revision: number }

/** Resolves to the visible packages whose latest revision is based on a lower revision of the upstream, by name. */
export async function outdatedPackages(
  db: Reader,
  { published }: Visibility,
  to: Target,
  filter: { repository?: string | undefined; labels: readonly LabelRequirement[] },
  limit: number,
): Promise<PackageId[]> {
  const visible = visiblePackages(published, sql`repository`, sql`package`)
  let query = db
    .selectFrom('package_revisions')
    .select(['repository', 'package'])
    .where('latest', '=', 1)
    .where('upstream_repository', '=', to.repository)
    .where('upstream_package', '=', to.package)
    .where('upstream_revision', '<', to.revision)
    .where(sql<boolean>`${allOf([...filter.labels.map(labelCondition), ...visible])}`)
    .orderBy('repository')
    .orderBy('package')
    .limit(limit)
  if (filter.repository !== undefined) query = query.where('repository', '=', filter.repository)
  return query.execute()
}

/** Resolves to the names of all revisions based on the revisions `from` to below `to` of a package. */
export async function namesBasedOn(
  db: Reader,
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

/** Resolves to a draft or proposed revision of the package based on that revision of the upstream, or a later one. */
export async function openUpgrade(db: Reader, id: PackageId, to: Target): Promise<string | undefined> {
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

/** Resolves to all workspaces of a package that cannot be used again: those of deleted revisions are included. */
export async function usedWorkspaces(db: Reader, id: PackageId): Promise<Set<string>> {
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
