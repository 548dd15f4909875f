import { sql } from 'kysely'
import type { Visibility } from '../../domain/access/visible-set.ts'
import { type RevisionId, revisionName } from '../../domain/names.ts'
import type { NewPackageRevision, PackageRevision } from '../../domain/package-revision.ts'
import { recordAddition, recordDeletion, recordModification } from '../change-log.ts'
import type { Reader, Transaction } from '../connection.ts'
import { nextResourceVersion } from '../counters.ts'
import type { NewPackageRevisionRow } from '../schema.ts'
import { allOf } from '../sql.ts'
import { visibleRevisions } from '../visible.ts'
import { toRow } from './row.ts'
import { readFirst, selectPackageRevisions } from './select.ts'

export async function findPackageRevision(db: Reader, name: string): Promise<PackageRevision | undefined> {
  return readFirst(selectPackageRevisions(db).where('name', '=', name))
}

/** Resolves to whether a revision has the workspace, or had it. */
export async function workspaceTaken(db: Reader, packageId: number, id: RevisionId): Promise<boolean> {
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

/** Resolves to the names of at most `limit` visible revisions that were cloned from this one, or upgraded to it. */
export async function downstreamNames(
  db: Reader,
  visibility: Visibility,
  name: string,
  limit: number,
): Promise<string[]> {
  const rows = await db
    .selectFrom('package_revisions')
    .select('name')
    .where('upstream_name', '=', name)
    .where(sql<boolean>`${allOf(visibleRevisions(visibility))}`)
    .orderBy('name')
    .limit(limit)
    .execute()
  return rows.map((row) => row.name)
}

/** Inserts a revision. Resolves to it as it is stored. */
export async function insertPackageRevision(
  transaction: Transaction,
  packageId: number,
  revision: NewPackageRevision,
): Promise<PackageRevision> {
  const row = { ...toRow(packageId, revision), resource_version: await nextResourceVersion(transaction) }
  const { id } = await transaction
    .insertInto('package_revisions')
    .values(row)
    .returning('id')
    .executeTakeFirstOrThrow()
  await insertLabels(transaction, id, revision)
  const inserted = await stored(transaction, revision, row.resource_version)
  await recordAddition(transaction, inserted)
  return inserted
}

/**
 * Replaces a revision that is unchanged since it was read. Resolves to it as it is stored now, or to undefined where
 * it has changed.
 */
export async function updatePackageRevision(
  transaction: Transaction,
  packageId: number,
  before: PackageRevision,
  revision: NewPackageRevision,
): Promise<PackageRevision | undefined> {
  const row = { ...toRow(packageId, revision), resource_version: await nextResourceVersion(transaction) }
  const updated = await transaction
    .updateTable('package_revisions')
    .set(changed(toRow(packageId, before), row))
    .where('name', '=', before.name)
    .where('resource_version', '=', Number(before.resourceVersion))
    .returning('id')
    .executeTakeFirst()
  if (!updated) return undefined
  if (revision.labels !== before.labels) {
    await transaction.deleteFrom('package_revision_labels').where('revision_id', '=', updated.id).execute()
    await insertLabels(transaction, updated.id, revision)
  }
  const after = await stored(transaction, revision, row.resource_version)
  await recordModification(transaction, before, after)
  return after
}

/** Returns the columns that differ: setting a column rewrites all of its index entries, even with the same value. */
function changed(before: object, after: NewPackageRevisionRow): Partial<NewPackageRevisionRow> {
  const old = new Map(Object.entries(before))
  return Object.fromEntries(Object.entries(after).filter(([column, value]) => old.get(column) !== value))
}

/** Completes a revision with its name, its resourceVersion, and what other rows say. */
async function stored(
  db: Reader,
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

async function upstreamLatest(db: Reader, { upstream }: NewPackageRevision): Promise<number | null> {
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

/** Moves the mark of a moving tag between revisions of a package. Both get a new resourceVersion. */
export async function moveMark(
  transaction: Transaction,
  mark: 'latest' | 'latest_build',
  from: string | undefined,
  to: string | undefined,
): Promise<void> {
  for (const [name, value] of [
    [from, 0],
    [to, 1],
  ] as const) {
    if (name === undefined) continue
    const before = await findPackageRevision(transaction, name)
    const resourceVersion = await nextResourceVersion(transaction)
    await transaction
      .updateTable('package_revisions')
      .set({ [mark]: value, resource_version: resourceVersion })
      .where('name', '=', name)
      .execute()
    if (!before) continue
    const moved = { [mark === 'latest' ? 'latest' : 'latestBuild']: value === 1 }
    const after = { ...before, ...moved, resourceVersion: String(resourceVersion) }
    await recordModification(transaction, before, after)
  }
}

/** Deletes a revision if its resourceVersion is still `expected`. Resolves to whether it was. */
export async function deletePackageRevision(
  transaction: Transaction,
  name: string,
  expected: string,
): Promise<boolean> {
  const revision = await findPackageRevision(transaction, name)
  if (revision?.resourceVersion !== expected) return false
  await transaction.deleteFrom('package_revisions').where('name', '=', name).execute()
  await recordDeletion(transaction, revision, await nextResourceVersion(transaction))
  return true
}

async function insertLabels(
  transaction: Transaction,
  id: number,
  revision: NewPackageRevision,
): Promise<void> {
  const name = revisionName(revision)
  const rows = Object.entries(revision.labels).map(([key, value]) => ({ revision_id: id, key, value, name }))
  if (rows.length > 0) await transaction.insertInto('package_revision_labels').values(rows).execute()
}
