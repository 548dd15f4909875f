/** Fills an index that is made anew: many rows at once, and nothing that would have to be compared with others. */
import type { RevisionConflict } from '../../domain/merge/revision-conflict.ts'
import { type PackageId, revisionName } from '../../domain/names.ts'
import type { NewPackageRevision, RetiredWorkspace } from '../../domain/package-revision.ts'
import { conflictRow } from '../package-revisions/conflicts.ts'
import { toRow } from '../package-revisions/row.ts'
import { retiredRow } from '../repositories/packages.ts'
import type { Db } from '../schema.ts'

/** All that the index has of a package. */
export type PackageContent = {
  id: PackageId
  highestRevision: number
  versioned: boolean | null
  retired: readonly RetiredWorkspace[]
  revisions: readonly { revision: NewPackageRevision; conflicts: readonly RevisionConflict[] }[]
}

/** SQLite takes some 32,000 values in a statement; a revision has fifty. */
const ROWS = 200

export async function insertPackage(db: Db, content: PackageContent): Promise<void> {
  const { id } = await db
    .insertInto('packages')
    .values({
      repository: content.id.repository,
      path: content.id.package,
      highest_revision: content.highestRevision,
      versioned: content.versioned === null ? null : Number(content.versioned),
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  const retired = content.retired.map((each) => retiredRow(id, each))
  for (const rows of chunks(retired)) await db.insertInto('retired_workspaces').values(rows).execute()
  for (const revisions of chunks(content.revisions)) await insertRevisions(db, id, revisions)
}

async function insertRevisions(
  db: Db,
  packageId: number,
  revisions: PackageContent['revisions'],
): Promise<void> {
  let version = await takeResourceVersions(db, revisions.length)
  const rows = revisions.map(({ revision }) => {
    version += 1
    return { ...toRow(packageId, revision), resource_version: version }
  })
  const inserted = await db.insertInto('package_revisions').values(rows).returning(['id', 'name']).execute()
  const ids = new Map(inserted.map(({ id, name }) => [name, id]))
  const idOf = (revision: NewPackageRevision): number => ids.get(revisionName(revision)) ?? 0
  const labels = revisions.flatMap(({ revision }) =>
    Object.entries(revision.labels).map(([key, value]) => ({
      revision_id: idOf(revision),
      key,
      value,
      name: revisionName(revision),
    })),
  )
  for (const each of chunks(labels)) await db.insertInto('package_revision_labels').values(each).execute()
  const conflicts = revisions.flatMap(({ revision, conflicts: found }) =>
    found.map((conflict) => conflictRow(idOf(revision), conflict)),
  )
  for (const each of chunks(conflicts)) await db.insertInto('conflicts').values(each).execute()
}

/** Resolves to the version before the first of so many that nobody else gets. */
async function takeResourceVersions(db: Db, count: number): Promise<number> {
  const { value } = await db
    .updateTable('counters')
    .set(({ eb }) => ({ value: eb('value', '+', count) }))
    .where('name', '=', 'resource_version')
    .returning('value')
    .executeTakeFirstOrThrow()
  return value - count
}

/** Has resourceVersions go on above one that may have been given out. */
export async function startResourceVersions(db: Db, above: number): Promise<void> {
  await db
    .updateTable('counters')
    .set(({ fn, val }) => ({ value: fn<number>('max', ['value', val(above)]) }))
    .where('name', '=', 'resource_version')
    .execute()
}

function* chunks<T>(items: readonly T[]): Generator<T[]> {
  for (let at = 0; at < items.length; at += ROWS) yield items.slice(at, at + ROWS)
}
