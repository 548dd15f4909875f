/** Everything that the index stores of a package, for a comparison with the registry. */
import type { Listing } from '../../domain/glasskube/listing.ts'
import type { RevisionConflict } from '../../domain/merge/revision-conflict.ts'
import { ociRepository, type PackageId } from '../../domain/names.ts'
import type { PackageRevision, RetiredWorkspace } from '../../domain/package-revision.ts'
import type { Reader, Transaction } from '../connection.ts'
import { findListing } from '../glasskube/published.ts'
import { toConflict } from '../package-revisions/conflicts.ts'
import { toPackageRevision } from '../package-revisions/row.ts'
import { readFirst, selectPackageRevisions } from '../package-revisions/select.ts'
import { findPackage, type PackageState, retiredRow, retiredWorkspaces } from '../repositories/packages.ts'

export type IndexedRevision = {
  revision: PackageRevision
  conflicts: RevisionConflict[]
  /** From the table that lists are filtered by. */
  labels: Record<string, string>
}

export type IndexedPackage = PackageState & {
  retired: RetiredWorkspace[]
  listing: Listing
  revisions: IndexedRevision[]
}

export async function indexedPackage(db: Reader, id: PackageId): Promise<IndexedPackage | undefined> {
  const state = await findPackage(db, id)
  if (!state) return undefined
  const rows = await selectPackageRevisions(db).where('package_id', '=', state.id).orderBy('name').execute()
  const conflicts = await db
    .selectFrom('conflicts')
    .innerJoin('package_revisions', 'package_revisions.id', 'conflicts.revision_id')
    .selectAll('conflicts')
    .where('package_revisions.package_id', '=', state.id)
    .orderBy('conflicts.id')
    .execute()
  const labels = await db
    .selectFrom('package_revision_labels')
    .innerJoin('package_revisions', 'package_revisions.id', 'package_revision_labels.revision_id')
    .selectAll('package_revision_labels')
    .where('package_revisions.package_id', '=', state.id)
    .execute()
  const of = <Row extends { revision_id: number }>(all: readonly Row[], { id: of }: { id: number }): Row[] =>
    all.filter(({ revision_id }) => revision_id === of)
  return {
    ...state,
    retired: await retiredWorkspaces(db, state.id),
    listing: await findListing(db, state.id),
    revisions: rows.map((row) => ({
      revision: toPackageRevision(row),
      conflicts: of(conflicts, row).map(toConflict),
      labels: Object.fromEntries(of(labels, row).map(({ key, value }) => [key, value])),
    })),
  }
}

/** Resolves to the OCI repositories of all packages and repositories, in no order. */
export async function indexedRepositories(db: Reader): Promise<string[]> {
  const packages = await db.selectFrom('packages').select(['repository', 'path']).execute()
  const repositories = await db.selectFrom('repositories').select('name').execute()
  return [
    ...packages.map(({ repository, path }) => ociRepository({ repository, package: path })),
    ...repositories.map(({ name }) => name),
  ]
}

/** Resolves to a revision of another package that has this layer. */
export async function revisionWithLayer(
  db: Reader,
  layerDigest: string,
  exceptPackage: number,
): Promise<PackageRevision | undefined> {
  return readFirst(
    selectPackageRevisions(db)
      .where('layer_digest', '=', layerDigest)
      .where('package_id', '!=', exceptPackage)
      .limit(1),
  )
}

/** Repairs the record of what a package has used up: its numbers, its retired workspaces, and if it has versions. */
export async function completePackage(
  transaction: Transaction,
  packageId: number,
  state: { highestRevision: number; versioned: boolean | null; retired: readonly RetiredWorkspace[] },
): Promise<void> {
  await transaction
    .updateTable('packages')
    .set({
      highest_revision: state.highestRevision,
      versioned: state.versioned === null ? null : Number(state.versioned),
    })
    .where('id', '=', packageId)
    .execute()
  for (const retired of state.retired) {
    await transaction
      .insertInto('retired_workspaces')
      .values(retiredRow(packageId, retired))
      .onConflict((conflict) => conflict.doNothing())
      .execute()
  }
}
