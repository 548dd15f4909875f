/** The list of packages. */
import { sql } from 'kysely'
import type { PackageId } from '../../domain/names.ts'
import { wordsOf } from '../../domain/search-words.ts'
import type { Reader } from '../connection.ts'
import { packageMatches, wordsToLookUp } from '../contents/search.ts'
import { type Dialect, dialectOf } from '../dialect.ts'
import type { PartialPage } from '../partial-page.ts'
import { allOf, type Sql } from '../sql.ts'

export type PackageSummary = PackageId & {
  latestRevision: number | null
  latestVersion: string | null
  revisionCount: number
  updatedAt: string
}

export type PackageFilter = { repository?: string | undefined; q?: string | undefined }

/** The packages that a search tests in one query. */
const STEPS = 2000
/** A word in at most this many packages is rare: just those are tested. Otherwise all are, from the page's start. */
const FEW = 1000

/** Resolves to the packages that have revisions, by repository and path. */
export async function listPackages(
  db: Reader,
  filter: PackageFilter,
  page: { after?: PackageId | undefined; limit: number },
): Promise<PartialPage<PackageSummary, PackageId>> {
  const { repository, q = '' } = filter
  const { after, limit } = page
  const searched = q.trim() !== ''
  if (searched && wordsOf(q).length === 0) return { items: [] }
  const dialect = dialectOf(db)
  const inRange = range(after, repository)
  const rare = searched ? await rareWord(db, q) : undefined
  const from = rare
    ? dialect.ordered(sql`(${rare}) AS candidate`, sql`packages`, sql`packages.id = candidate.id`)
    : alongIndex(dialect)
  const end = searched && !rare ? await stepsOn(db, inRange) : undefined
  const conditions = [...inRange, ...packageMatches(dialect, q)]
  if (end) conditions.push(sql`(repository, path) <= (${end.repository}, ${end.package})`)
  const { rows } = await sql<PackageSummary>`
    SELECT repository, path AS package, latest_revision AS "latestRevision", latest_version AS "latestVersion",
      revision_count AS "revisionCount", updated_at AS "updatedAt"
    FROM ${from} WHERE ${allOf(conditions)} ORDER BY repository, path LIMIT ${limit}`.execute(db)
  return end && rows.length < limit ? { items: rows, lookedTo: end } : { items: rows }
}

function alongIndex({ indexed }: Dialect): Sql {
  return indexed(sql`packages`, 'packages_live')
}

/** Matches the packages with revisions behind `after`. */
function range(after: PackageId | undefined, repository: string | undefined): Sql[] {
  const conditions = [sql`revision_count > 0`]
  if (repository !== undefined) conditions.push(sql`repository = ${repository}`)
  if (after === undefined) return conditions
  const behind =
    repository === undefined
      ? sql`(repository, path) > (${after.repository}, ${after.package})`
      : sql`path > ${after.package}`
  return [...conditions, behind]
}

/** Resolves to the package that many steps on; undefined where the range ends before it. */
async function stepsOn(db: Reader, inRange: readonly Sql[]): Promise<PackageId | undefined> {
  const { rows } = await sql<PackageId>`
    SELECT repository, path AS package FROM ${alongIndex(dialectOf(db))}
    WHERE ${allOf(inRange)} ORDER BY repository, path LIMIT 1 OFFSET ${STEPS - 1}`.execute(db)
  return rows[0]
}

/** Resolves to a selection of the packages with a word of `q` that few have; undefined where no word is rare. */
async function rareWord(db: Reader, q: string): Promise<Sql | undefined> {
  for (const word of wordsToLookUp(q)) {
    const ids = dialectOf(db).wordSource('packages', word)
    const { rows } = await sql<{ count: number }>`
      SELECT count(*) AS count FROM (${ids} LIMIT ${FEW + 1}) AS counted`.execute(db)
    if ((rows[0]?.count ?? 0) <= FEW) return ids
  }
  return undefined
}
