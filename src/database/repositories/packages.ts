import type { PackageId } from '../../domain/names.ts'
import type { RetiredWorkspace } from '../../domain/package-revision.ts'
import type { Reader, Transaction } from '../connection.ts'
import { toDecision } from '../package-revisions/row.ts'
import type { RetiredWorkspacesTable } from '../schema.ts'

/** The state of a package beyond its revisions. */
export type PackageState = {
  id: number
  /** The highest number ever published; 0 before the first publication. */
  highestRevision: number
  /** True if its publications declare versions, false if not; null before the first one decides. */
  versioned: boolean | null
}

export async function findPackage(db: Reader, id: PackageId): Promise<PackageState | undefined> {
  const row = await db
    .selectFrom('packages')
    .selectAll()
    .where('repository', '=', id.repository)
    .where('path', '=', id.package)
    .executeTakeFirst()
  if (!row) return undefined
  return {
    id: row.id,
    highestRevision: row.highest_revision,
    versioned: row.versioned === null ? null : row.versioned === 1,
  }
}

/** Inserts a package without revisions. Resolves to its id. */
export async function addPackage(transaction: Transaction, id: PackageId): Promise<number> {
  const row = await transaction
    .insertInto('packages')
    .values({ repository: id.repository, path: id.package, versioned: null })
    .returning('id')
    .executeTakeFirstOrThrow()
  return row.id
}

/** Records that a revision number is used up. */
export async function recordPublication(
  transaction: Transaction,
  packageId: number,
  publication: { revision: number; versioned: boolean },
): Promise<void> {
  await transaction
    .updateTable('packages')
    .set({ highest_revision: publication.revision, versioned: publication.versioned ? 1 : 0 })
    .where('id', '=', packageId)
    .execute()
}

/** Records that a workspace, and what it was published as, is used up. */
export async function retireWorkspace(
  transaction: Transaction,
  packageId: number,
  retired: RetiredWorkspace,
): Promise<void> {
  await transaction.insertInto('retired_workspaces').values(retiredRow(packageId, retired)).execute()
}

export function retiredRow(packageId: number, retired: RetiredWorkspace): RetiredWorkspacesTable {
  const { workspace, revision, version, deletion } = retired
  return {
    package_id: packageId,
    workspace,
    revision,
    version,
    deleted_by: deletion?.by ?? null,
    deleted_at: deletion?.at ?? null,
    deleted_reason: deletion?.reason ?? null,
  }
}

/** Makes the versions of deleted revisions available again. */
export async function releaseVersions(transaction: Transaction, packageId: number): Promise<void> {
  await transaction
    .updateTable('retired_workspaces')
    .set({ version: null })
    .where('package_id', '=', packageId)
    .execute()
}

export async function retiredWorkspaces(db: Reader, packageId: number): Promise<RetiredWorkspace[]> {
  const rows = await db
    .selectFrom('retired_workspaces')
    .selectAll()
    .where('package_id', '=', packageId)
    .orderBy('workspace')
    .execute()
  return rows.map(({ workspace, revision, version, deleted_by, deleted_at, deleted_reason }) => ({
    workspace,
    revision,
    version,
    deletion: toDecision(deleted_by, deleted_at, deleted_reason),
  }))
}

/** Resolves to whether the repository has packages, or had some, whose numbers are used up. */
export async function hasPackages(db: Reader, repository: string): Promise<boolean> {
  const row = await db
    .selectFrom('packages')
    .select('id')
    .where('repository', '=', repository)
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}

/** Resolves to whether the index has neither repositories nor packages, like a new one. */
export async function isEmptyIndex(db: Reader): Promise<boolean> {
  for (const table of ['repositories', 'packages'] as const) {
    if (await db.selectFrom(table).select('id').limit(1).executeTakeFirst()) return false
  }
  return true
}
