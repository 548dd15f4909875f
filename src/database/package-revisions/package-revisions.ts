import { type SelectQueryBuilder, sql } from 'kysely'
import { type RevisionId, revisionName } from '../../domain/names.ts'
import type { NewPackageRevision, PackageRevision } from '../../domain/package-revision.ts'
import { recordAddition, recordDeletion, recordModification } from '../change-log.ts'
import { nextResourceVersion } from '../counters.ts'
import type { Db, NewPackageRevisionRow, PackageRevisionRow, Schema } from '../schema.ts'
import { toPackageRevision, toRow } from './row.ts'

/** Rows of package revisions, with what is derived from others. */
export function selectPackageRevisions(
  db: Db,
): SelectQueryBuilder<Schema, 'package_revisions', PackageRevisionRow> {
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

export async function findPackageRevision(db: Db, name: string): Promise<PackageRevision | undefined> {
  const row = await selectPackageRevisions(db).where('name', '=', name).executeTakeFirst()
  return row && toPackageRevision(row)
}

/** The highest live revision of a package, but for one that is left out. */
export async function highestRevision(
  db: Db,
  packageId: number,
  exceptName: string,
): Promise<PackageRevision | undefined> {
  const row = await selectPackageRevisions(db)
    .where('package_id', '=', packageId)
    .where('revision', '>', 0)
    .where('name', '!=', exceptName)
    .orderBy('revision', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row && toPackageRevision(row)
}

/** The highest live revision of the same package that is below this one; for one that is not published, of all. */
export async function previousRevision(
  db: Db,
  revision: PackageRevision,
): Promise<PackageRevision | undefined> {
  const row = await selectPackageRevisions(db)
    .where('repository', '=', revision.repository)
    .where('package', '=', revision.package)
    .where('revision', '>', 0)
    .$if(revision.revision > 0, (query) => query.where('revision', '<', revision.revision))
    .orderBy('revision', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row && toPackageRevision(row)
}

/** The live published builds (`1.17.0+2`) of a version (`1.17.0`), but for one that is left out. */
export async function publishedBuilds(
  db: Db,
  packageId: number,
  base: string,
  exceptName: string,
): Promise<PackageRevision[]> {
  const rows = await selectPackageRevisions(db)
    .where('package_id', '=', packageId)
    // "," follows "+": a range over the index, with just the builds of this version in it.
    .where('version', '>', `${base}+`)
    .where('version', '<', `${base},`)
    .where('revision', '>', 0)
    .where('name', '!=', exceptName)
    .execute()
  return rows.map(toPackageRevision)
}

/** The versions that a package's revisions declare, drafts and deleted ones included, with the workspace of each. */
export async function declaredVersions(
  db: Db,
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

/** Whether the workspace is in use, or was. */
export async function workspaceTaken(db: Db, packageId: number, id: RevisionId): Promise<boolean> {
  const { taken } = await db
    .selectNoFrom(({ exists, or, selectFrom }) => {
      const inUse = selectFrom('package_revisions').select('id').where('name', '=', revisionName(id))
      const retired = selectFrom('retired_workspaces')
        .select('workspace')
        .where('package_id', '=', packageId)
        .where('workspace', '=', id.workspace)
      return or([exists(inUse), exists(retired)]).as('taken')
    })
    .executeTakeFirstOrThrow()
  return Boolean(taken)
}

/** The names of the revisions that were cloned from, or upgraded to, this one; at most `limit` of them. */
export async function downstreamNames(db: Db, name: string, limit: number): Promise<string[]> {
  const rows = await db
    .selectFrom('package_revisions')
    .select('name')
    .where('upstream_name', '=', name)
    .orderBy('name')
    .limit(limit)
    .execute()
  return rows.map((row) => row.name)
}

/** Of the revisions of a package, by its OCI repository: `<repository>/<package>`. */
export async function artifactDigests(db: Db, ociRepository: string): Promise<string[]> {
  const [repository = '', ...path] = ociRepository.split('/')
  const rows = await db
    .selectFrom('package_revisions')
    .select('digest')
    .where('repository', '=', repository)
    .where('package', '=', path.join('/'))
    .execute()
  return rows.map(({ digest }) => digest)
}

/** All of them, in the order of their names. */
export async function revisionsOfRepository(db: Db, repository: string): Promise<PackageRevision[]> {
  const rows = await selectPackageRevisions(db).where('repository', '=', repository).orderBy('name').execute()
  return rows.map(toPackageRevision)
}

/** The names of revisions of other repositories whose upstream is in this one; at most `limit` of them. */
export async function outsideDownstreams(db: Db, repository: string, limit: number): Promise<string[]> {
  const rows = await db
    .selectFrom('package_revisions')
    .select('name')
    .where('upstream_repository', '=', repository)
    .where('repository', '!=', repository)
    .orderBy('name')
    .limit(limit)
    .execute()
  return rows.map((row) => row.name)
}

/** Deletes all revisions of a repository; how many there were. */
export async function deleteRevisionsOf(db: Db, repository: string): Promise<number> {
  for (const revision of await revisionsOfRepository(db, repository)) {
    await recordDeletion(db, revision, await nextResourceVersion(db))
  }
  const { numDeletedRows } = await db
    .deleteFrom('package_revisions')
    .where('repository', '=', repository)
    .executeTakeFirstOrThrow()
  return Number(numDeletedRows)
}

export async function countRevisions(db: Db, repository: string): Promise<number> {
  const { count } = await db
    .selectFrom('package_revisions')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('repository', '=', repository)
    .executeTakeFirstOrThrow()
  return count
}

export async function repositoryHasRevisions(db: Db, repository: string): Promise<boolean> {
  const row = await db
    .selectFrom('package_revisions')
    .select('id')
    .where('repository', '=', repository)
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}

/** Inserts a revision. Resolves to it as it is in the index. */
export async function insertPackageRevision(
  db: Db,
  packageId: number,
  revision: NewPackageRevision,
): Promise<PackageRevision> {
  const row = { ...toRow(packageId, revision), resource_version: await nextResourceVersion(db) }
  const { id } = await db
    .insertInto('package_revisions')
    .values(row)
    .returning('id')
    .executeTakeFirstOrThrow()
  await insertLabels(db, id, revision)
  const inserted = await indexed(db, revision, row.resource_version)
  await recordAddition(db, inserted)
  return inserted
}

/**
 * Replaces a revision that is still as it was read. Resolves to it as it is in the index now, or to undefined where
 * somebody else has changed it.
 */
export async function updatePackageRevision(
  db: Db,
  packageId: number,
  before: PackageRevision,
  revision: NewPackageRevision,
): Promise<PackageRevision | undefined> {
  const row = { ...toRow(packageId, revision), resource_version: await nextResourceVersion(db) }
  const updated = await db
    .updateTable('package_revisions')
    .set(changed(toRow(packageId, before), row))
    .where('name', '=', before.name)
    .where('resource_version', '=', Number(before.resourceVersion))
    .returning('id')
    .executeTakeFirst()
  if (!updated) return undefined
  if (revision.labels !== before.labels) {
    await db.deleteFrom('package_revision_labels').where('revision_id', '=', updated.id).execute()
    await insertLabels(db, updated.id, revision)
  }
  const after = await indexed(db, revision, row.resource_version)
  await recordModification(db, before, after)
  return after
}

/** The columns that differ: a column that is set is written in all of its indexes, whether it changes or not. */
function changed(before: object, after: NewPackageRevisionRow): Partial<NewPackageRevisionRow> {
  const old = new Map(Object.entries(before))
  return Object.fromEntries(Object.entries(after).filter(([column, value]) => old.get(column) !== value))
}

/** A revision as it is in the index: with its name, its resourceVersion, and what is known from others. */
async function indexed(
  db: Db,
  revision: NewPackageRevision,
  resourceVersion: number,
): Promise<PackageRevision> {
  return {
    ...revision,
    name: revisionName(revision),
    upstreamLatest: await upstreamLatest(db, revision),
    resourceVersion: String(resourceVersion),
  }
}

async function upstreamLatest(db: Db, { upstream }: NewPackageRevision): Promise<number | null> {
  if (!upstream) return null
  const latest = await db
    .selectFrom('package_revisions')
    .select('revision')
    .where('repository', '=', upstream.repository)
    .where('package', '=', upstream.package)
    .where('latest', '=', 1)
    .executeTakeFirst()
  return latest?.revision ?? null
}

/** Marks which of a package's revisions holds a moving tag; it and the one that held it get a new resourceVersion. */
export async function moveMark(
  db: Db,
  mark: 'latest' | 'latest_build',
  from: string | undefined,
  to: string | undefined,
): Promise<void> {
  for (const [name, value] of [
    [from, 0],
    [to, 1],
  ] as const) {
    if (name === undefined) continue
    const before = await findPackageRevision(db, name)
    const resourceVersion = await nextResourceVersion(db)
    await db
      .updateTable('package_revisions')
      .set({ [mark]: value, resource_version: resourceVersion })
      .where('name', '=', name)
      .execute()
    const moved = { [mark === 'latest' ? 'latest' : 'latestBuild']: value === 1 }
    if (before)
      await recordModification(db, before, { ...before, ...moved, resourceVersion: String(resourceVersion) })
  }
}

/** Deletes a revision whose resourceVersion is still `expected`; whether it was. */
export async function deletePackageRevision(db: Db, name: string, expected: string): Promise<boolean> {
  const revision = await findPackageRevision(db, name)
  if (revision?.resourceVersion !== expected) return false
  await db.deleteFrom('package_revisions').where('name', '=', name).execute()
  await recordDeletion(db, revision, await nextResourceVersion(db))
  return true
}

async function insertLabels(db: Db, id: number, revision: NewPackageRevision): Promise<void> {
  const name = revisionName(revision)
  const rows = Object.entries(revision.labels).map(([key, value]) => ({ revision_id: id, key, value, name }))
  if (rows.length > 0) await db.insertInto('package_revision_labels').values(rows).execute()
}
