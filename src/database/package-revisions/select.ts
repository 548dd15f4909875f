import { type SelectQueryBuilder, sql } from 'kysely'
import type { PackageRevision } from '../../domain/package-revision.ts'
import type { Reader } from '../connection.ts'
import type { PackageRevisionRow, Schema } from '../schema.ts'
import { toPackageRevision } from './row.ts'

type Selection = SelectQueryBuilder<Schema, 'package_revisions', PackageRevisionRow>

/** Selects rows of package revisions, with `upstream_latest` of the upstream's package. */
export function selectPackageRevisions(db: Reader): Selection {
  const upstreamLatest = sql<number | null>`(
    SELECT upstream.revision FROM package_revisions AS upstream
    WHERE upstream.repository = package_revisions.upstream_repository
      AND upstream.package = package_revisions.upstream_package
      AND upstream.latest = 1
  )`
  return db
    .selectFrom('package_revisions')
    .selectAll('package_revisions')
    .select(upstreamLatest.as('upstream_latest'))
}

/** Executes a selection, and resolves to its first revision. */
export async function readFirst(selection: Selection): Promise<PackageRevision | undefined> {
  const row = await selection.executeTakeFirst()
  return row && toPackageRevision(row)
}

/** Executes a selection, and resolves to its revisions. */
export async function readAll(selection: Selection): Promise<PackageRevision[]> {
  return (await selection.execute()).map(toPackageRevision)
}
