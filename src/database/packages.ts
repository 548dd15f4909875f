import { sql } from 'kysely'
import type { PackageId } from '../package/names.ts'
import type { RetiredWorkspace } from '../package/package-revision.ts'
import type { Db } from './schema.ts'

/** What is known of a package beyond its revisions. */
export type PackageState = {
  id: number
  /** The highest number ever published; 0 before the first publication. */
  highestRevision: number
  /** Whether its publications declare versions; null before the first one decides. */
  versioned: boolean | null
}

export async function findPackage(db: Db, id: PackageId): Promise<PackageState | undefined> {
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

/** Adds a package that nobody has used yet. Resolves to its id. */
export async function addPackage(db: Db, id: PackageId): Promise<number> {
  const row = await db
    .insertInto('packages')
    .values({ repository: id.repository, path: id.package, versioned: null })
    .returning('id')
    .executeTakeFirstOrThrow()
  return row.id
}

/** Records that a number is given out, for ever. */
export async function recordPublication(
  db: Db,
  packageId: number,
  publication: { revision: number; versioned: boolean },
): Promise<void> {
  await db
    .updateTable('packages')
    .set({ highest_revision: publication.revision, versioned: publication.versioned ? 1 : 0 })
    .where('id', '=', packageId)
    .execute()
}

/** Records that a workspace, and what it was published as, is used up. */
export async function retireWorkspace(db: Db, packageId: number, retired: RetiredWorkspace): Promise<void> {
  await db
    .insertInto('retired_workspaces')
    .values({ package_id: packageId, ...retired })
    .execute()
}

/** Lets the versions of what is gone be declared again. */
export async function releaseVersions(db: Db, packageId: number): Promise<void> {
  await db
    .updateTable('retired_workspaces')
    .set({ version: null })
    .where('package_id', '=', packageId)
    .execute()
}

export async function retiredWorkspaces(db: Db, packageId: number): Promise<RetiredWorkspace[]> {
  return db
    .selectFrom('retired_workspaces')
    .select(['workspace', 'revision', 'version'])
    .where('package_id', '=', packageId)
    .orderBy('workspace')
    .execute()
}

/** Whether the repository has packages, or had: their numbers are given out. */
export async function hasPackages(db: Db, repository: string): Promise<boolean> {
  const row = await db
    .selectFrom('packages')
    .select('id')
    .where('repository', '=', repository)
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}

/** Whether the index knows of nothing, as a new one does. */
export async function isEmptyIndex(db: Db): Promise<boolean> {
  for (const table of ['repositories', 'packages'] as const) {
    if (await db.selectFrom(table).select('id').limit(1).executeTakeFirst()) return false
  }
  return true
}

export type PackageSummary = PackageId & {
  latestRevision: number | null
  latestVersion: string | null
  revisionCount: number
  updatedAt: string
}

export type PackageFilter = { repository?: string | undefined; q?: string | undefined }

/** A row for each package that has revisions, in the order of repository and path. */
export async function listPackages(
  db: Db,
  filter: PackageFilter,
  page: { after?: PackageId | undefined; limit: number },
): Promise<PackageSummary[]> {
  const { after } = page
  let query = db
    .selectFrom('package_revisions')
    .select(({ fn }) => [
      'repository',
      'package',
      fn.max('updated_at').as('updatedAt'),
      fn.countAll<number>().as('revisionCount'),
      sql<number | null>`max(CASE WHEN latest = 1 THEN revision END)`.as('latestRevision'),
      sql<string | null>`max(CASE WHEN latest = 1 THEN version END)`.as('latestVersion'),
    ])
    .groupBy(['repository', 'package'])
    .orderBy('repository')
    .orderBy('package')
    .limit(page.limit)
  if (filter.repository !== undefined) query = query.where('repository', '=', filter.repository)
  if (filter.q !== undefined) {
    query = query.where(sql<boolean>`instr(repository || '/' || package, ${filter.q.toLowerCase()}) > 0`)
  }
  if (after !== undefined) {
    query = query.where(({ eb, refTuple, tuple }) =>
      eb(refTuple('repository', 'package'), '>', tuple(after.repository, after.package)),
    )
  }
  return query.execute()
}
