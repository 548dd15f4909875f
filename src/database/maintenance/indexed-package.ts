/** All that the index has of a package, to be compared with what the registry has. */
import type { RevisionConflict } from '../../domain/merge/revision-conflict.ts'
import type { PackageId } from '../../domain/names.ts'
import type { PackageRevision, RetiredWorkspace } from '../../domain/package-revision.ts'
import { toConflict } from '../package-revisions/conflicts.ts'
import { selectPackageRevisions } from '../package-revisions/package-revisions.ts'
import { toPackageRevision } from '../package-revisions/row.ts'
import { findPackage, type PackageState, retiredRow, retiredWorkspaces } from '../repositories/packages.ts'
import type { Db } from '../schema.ts'

export type IndexedRevision = {
  revision: PackageRevision
  conflicts: RevisionConflict[]
  /** As lists are filtered by them. */
  labels: Record<string, string>
}

export type IndexedPackage = PackageState & { retired: RetiredWorkspace[]; revisions: IndexedRevision[] }

export async function indexedPackage(db: Db, id: PackageId): Promise<IndexedPackage | undefined> {
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
    revisions: rows.map((row) => ({
      revision: toPackageRevision(row),
      conflicts: of(conflicts, row).map(toConflict),
      labels: Object.fromEntries(of(labels, row).map(({ key, value }) => [key, value])),
    })),
  }
}

/** The OCI repositories of all packages and of all repositories, in no order. */
export async function indexedRepositories(db: Db): Promise<string[]> {
  const packages = await db.selectFrom('packages').select(['repository', 'path']).execute()
  const repositories = await db.selectFrom('repositories').select('name').execute()
  return [
    ...packages.map(({ repository, path }) => `${repository}/${path}`),
    ...repositories.map(({ name }) => name),
  ]
}

/** Another revision that has the same layer, if there is one. */
export async function revisionWithLayer(
  db: Db,
  layerDigest: string,
  exceptPackage: number,
): Promise<PackageRevision | undefined> {
  const row = await selectPackageRevisions(db)
    .where('layer_digest', '=', layerDigest)
    .where('package_id', '!=', exceptPackage)
    .limit(1)
    .executeTakeFirst()
  return row && toPackageRevision(row)
}

/** Puts right what a package has given out. Numbers only grow, and what is retired stays so. */
export async function completePackage(
  db: Db,
  packageId: number,
  state: { highestRevision: number; versioned: boolean | null; retired: readonly RetiredWorkspace[] },
): Promise<void> {
  await db
    .updateTable('packages')
    .set({
      highest_revision: state.highestRevision,
      versioned: state.versioned === null ? null : Number(state.versioned),
    })
    .where('id', '=', packageId)
    .execute()
  for (const retired of state.retired) {
    await db
      .insertInto('retired_workspaces')
      .values(retiredRow(packageId, retired))
      .onConflict((conflict) => conflict.doNothing())
      .execute()
  }
}
