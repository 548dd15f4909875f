/** The revisions of a package. */
import { expressionBuilder, sql } from 'kysely'
import type { Visibility } from '../../domain/access/visible-set.ts'
import { type PackageId, parseOciRepository } from '../../domain/names.ts'
import type { PackageRevision } from '../../domain/package-revision.ts'
import type { Reader } from '../connection.ts'
import type { Schema } from '../schema.ts'
import { allOf } from '../sql.ts'
import { visibleRevisions } from '../visible.ts'
import { readAll, readFirst, selectPackageRevisions } from './select.ts'

export async function findLatest(db: Reader, id: PackageId): Promise<PackageRevision | undefined> {
  return readFirst(ofPackage(db, id).where('latest', '=', 1))
}

export async function findByNumber(
  db: Reader,
  id: PackageId,
  revision: number,
): Promise<PackageRevision | undefined> {
  return readFirst(ofPackage(db, id).where('revision', '=', revision))
}

/** `1.17.0` also finds the highest live build of that version, `1.17.0+2`. */
export async function findByVersion(
  db: Reader,
  id: PackageId,
  version: string,
): Promise<PackageRevision | undefined> {
  return readFirst(
    ofPackage(db, id).where((eb) =>
      eb.or([eb('version', '=', version), eb.and([eb('latest_build', '=', 1), isBuildOf(version)])]),
    ),
  )
}

/** Resolves to the name of a package's latest revision, or of a visible draft where none is published. */
export async function latestName(
  db: Reader,
  visibility: Visibility,
  id: PackageId,
): Promise<string | undefined> {
  const row = await db
    .selectFrom('package_revisions')
    .select('name')
    .where('repository', '=', id.repository)
    .where('package', '=', id.package)
    .where(sql<boolean>`${allOf(visibleRevisions(visibility))}`)
    .orderBy('latest', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row?.name
}

/** Resolves to the highest live revision of a package other than one. */
export async function highestRevision(
  db: Reader,
  packageId: number,
  exceptName: string,
): Promise<PackageRevision | undefined> {
  return readFirst(
    selectPackageRevisions(db)
      .where('package_id', '=', packageId)
      .where('revision', '>', 0)
      .where('name', '!=', exceptName)
      .orderBy('revision', 'desc')
      .limit(1),
  )
}

/** Resolves to the highest live revision of the same package below this one; for a draft, to the highest of all. */
export async function previousRevision(
  db: Reader,
  revision: PackageRevision,
): Promise<PackageRevision | undefined> {
  return readFirst(
    selectPackageRevisions(db)
      .where('repository', '=', revision.repository)
      .where('package', '=', revision.package)
      .where('revision', '>', 0)
      .$if(revision.revision > 0, (query) => query.where('revision', '<', revision.revision))
      .orderBy('revision', 'desc')
      .limit(1),
  )
}

/** Resolves to the live published builds (`1.17.0+2`) of a version (`1.17.0`) other than one. */
export async function publishedBuilds(
  db: Reader,
  packageId: number,
  base: string,
  exceptName: string,
): Promise<PackageRevision[]> {
  return readAll(
    selectPackageRevisions(db)
      .where('package_id', '=', packageId)
      .where(isBuildOf(base))
      .where('revision', '>', 0)
      .where('name', '!=', exceptName),
  )
}

/** Resolves to the versions that a package's revisions declare, also drafts and deleted ones, with their workspaces. */
export async function declaredVersions(
  db: Reader,
  packageId: number,
): Promise<{ workspace: string; version: string }[]> {
  const columns = ['workspace', 'version'] as const
  const rows = await db
    .selectFrom('package_revisions')
    .select(columns)
    .where('package_id', '=', packageId)
    .where('version', 'is not', null)
    .unionAll(
      db
        .selectFrom('retired_workspaces')
        .select(columns)
        .where('package_id', '=', packageId)
        .where('version', 'is not', null),
    )
    .execute()
  return rows.map(({ workspace, version }) => ({ workspace, version: version ?? '' }))
}

/** Resolves to the manifest digests of the revisions in an OCI repository. */
export async function artifactDigests(db: Reader, ociRepository: string): Promise<string[]> {
  const id = parseOciRepository(ociRepository)
  if (!id) return []
  const rows = await db
    .selectFrom('package_revisions')
    .select('digest')
    .where('repository', '=', id.repository)
    .where('package', '=', id.package)
    .execute()
  return rows.map(({ digest }) => digest)
}

/**
 * Resolves to whether content of an OCI repository is that of a published revision: its manifest, its layer or its
 * configuration.
 */
export async function isPublishedContent(db: Reader, id: PackageId, digest: string): Promise<boolean> {
  const row = await db
    .selectFrom('package_revisions')
    .select('id')
    .where('repository', '=', id.repository)
    .where('package', '=', id.package)
    .where('revision', '>', 0)
    .where(({ eb, or }) =>
      or([eb('digest', '=', digest), eb('layer_digest', '=', digest), eb('config_digest', '=', digest)]),
    )
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}

/** The builds of a version (`1.17.0+2` of `1.17.0`) as a range that an index has: "," sorts right after "+". */
function isBuildOf(version: string) {
  const { eb } = expressionBuilder<Schema, 'package_revisions'>()
  return eb.and([eb('version', '>', `${version}+`), eb('version', '<', `${version},`)])
}

function ofPackage(db: Reader, id: PackageId) {
  return selectPackageRevisions(db).where('repository', '=', id.repository).where('package', '=', id.package)
}
