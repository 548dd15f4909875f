/** Fills a new index: many rows at once, and no comparison with existing ones. */

import type { Listing } from '../../domain/glasskube/listing.ts'
import type { RevisionConflict } from '../../domain/merge/revision-conflict.ts'
import { type PackageId, revisionName } from '../../domain/names.ts'
import type { NewPackageRevision, RetiredWorkspace } from '../../domain/package-revision.ts'
import { chunks } from '../chunks.ts'
import type { Transaction } from '../connection.ts'
import { nextResourceVersion } from '../counters.ts'
import { storedListing } from '../glasskube/published.ts'
import { conflictRow } from '../package-revisions/conflicts.ts'
import { toRow } from '../package-revisions/row.ts'
import { retiredRow } from '../repositories/packages.ts'

/** Everything that the index stores of a package. */
export type PackageContent = {
  id: PackageId
  highestRevision: number
  versioned: boolean | null
  retired: readonly RetiredWorkspace[]
  listing: Listing
  revisions: readonly { revision: NewPackageRevision; conflicts: readonly RevisionConflict[] }[]
}

export async function insertPackage(transaction: Transaction, content: PackageContent): Promise<void> {
  const { id } = await transaction
    .insertInto('packages')
    .values({
      repository: content.id.repository,
      path: content.id.package,
      highest_revision: content.highestRevision,
      versioned: content.versioned === null ? null : Number(content.versioned),
      listing: storedListing(content.listing),
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  const retired = content.retired.map((each) => retiredRow(id, each))
  for (const rows of chunks(retired))
    await transaction.insertInto('retired_workspaces').values(rows).execute()
  for (const revisions of chunks(content.revisions)) await insertRevisions(transaction, id, revisions)
}

async function insertRevisions(
  transaction: Transaction,
  packageId: number,
  revisions: PackageContent['revisions'],
): Promise<void> {
  const first = (await nextResourceVersion(transaction, revisions.length)) - revisions.length + 1
  const rows = revisions.map(({ revision }, at) => {
    return { ...toRow(packageId, revision), resource_version: first + at }
  })
  const inserted = await transaction
    .insertInto('package_revisions')
    .values(rows)
    .returning(['id', 'name'])
    .execute()
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
  for (const each of chunks(labels)) {
    await transaction.insertInto('package_revision_labels').values(each).execute()
  }
  const conflicts = revisions.flatMap(({ revision, conflicts: found }) =>
    found.map((conflict) => conflictRow(idOf(revision), conflict)),
  )
  for (const each of chunks(conflicts)) await transaction.insertInto('conflicts').values(each).execute()
}
