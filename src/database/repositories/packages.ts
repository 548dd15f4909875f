import { sql } from 'kysely'
import type { PackageId } from '../../domain/names.ts'
import type { RetiredWorkspace } from '../../domain/package-revision.ts'
import { wordsOf } from '../../domain/search-words.ts'
import { packageMatches, wordQueries } from '../contents/search.ts'
import { allOf, type Sql } from '../name-range.ts'
import { toDecision } from '../package-revisions/row.ts'
import type { PartialPage } from '../partial-page.ts'
import type { Db, RetiredWorkspacesTable } from '../schema.ts'

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
  await db.insertInto('retired_workspaces').values(retiredRow(packageId, retired)).execute()
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

/** Lets the versions of what is gone be declared again. */
export async function releaseVersions(db: Db, packageId: number): Promise<void> {
  await db
    .updateTable('retired_workspaces')
    .set({ version: null })
    .where('package_id', '=', packageId)
    .execute()
}

export async function retiredWorkspaces(db: Db, packageId: number): Promise<RetiredWorkspace[]> {
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

/** So many packages are looked at in one go for those that are searched for. */
const STEPS = 2000
/** Where a word is in no more packages, those are looked at; otherwise all, from where the page begins. */
const FEW = 1000

/** A row for each package that has revisions, in the order of repository and path. */
export async function listPackages(
  db: Db,
  filter: PackageFilter,
  page: { after?: PackageId | undefined; limit: number },
): Promise<PartialPage<PackageSummary, PackageId>> {
  const { repository, q = '' } = filter
  const { after, limit } = page
  const searched = q.trim() !== ''
  if (searched && wordsOf(q).length === 0) return { items: [] }
  const conditions = [sql`revision_count > 0`, ...packageMatches(q)]
  if (repository !== undefined) conditions.push(sql`repository = ${repository}`)
  if (after !== undefined) conditions.push(...behind(after, repository))
  const rare = searched ? await rareWord(db, q) : undefined
  const from = rare
    ? sql`(${rare}) AS candidate CROSS JOIN packages ON packages.id = candidate.id`
    : sql`packages INDEXED BY packages_live`
  const end = searched && !rare ? await stepsOn(db, after, repository) : undefined
  if (end) conditions.push(sql`(repository, path) <= (${end.repository}, ${end.package})`)
  const { rows } = await sql<PackageSummary>`
    SELECT repository, path AS package, latest_revision AS latestRevision, latest_version AS latestVersion,
      revision_count AS revisionCount, updated_at AS updatedAt
    FROM ${from} WHERE ${allOf(conditions)} ORDER BY repository, path LIMIT ${limit}`.execute(db)
  return end && rows.length < limit ? { items: rows, lookedTo: end } : { items: rows }
}

function behind(after: PackageId, repository: string | undefined): Sql[] {
  if (repository !== undefined) return [sql`path > ${after.package}`]
  return [sql`(repository, path) > (${after.repository}, ${after.package})`]
}

async function stepsOn(
  db: Db,
  after: PackageId | undefined,
  repository: string | undefined,
): Promise<PackageId | undefined> {
  const conditions = [sql`revision_count > 0`]
  if (repository !== undefined) conditions.push(sql`repository = ${repository}`)
  if (after !== undefined) conditions.push(...behind(after, repository))
  const { rows } = await sql<PackageId>`
    SELECT repository, path AS package FROM packages INDEXED BY packages_live
    WHERE ${allOf(conditions)} ORDER BY repository, path LIMIT 1 OFFSET ${STEPS - 1}`.execute(db)
  return rows[0]
}

/** The packages with a word of `q` that few have. */
async function rareWord(db: Db, q: string): Promise<Sql | undefined> {
  for (const query of wordQueries(q)) {
    const ids = sql`SELECT rowid AS id FROM package_words WHERE package_words MATCH ${query}`
    const { rows } = await sql<{ count: number }>`
      SELECT count(*) AS count FROM (${ids} LIMIT ${FEW + 1})`.execute(db)
    if ((rows[0]?.count ?? 0) <= FEW) return ids
  }
  return undefined
}
