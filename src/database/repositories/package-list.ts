/** The list of packages. */
import { sql } from 'kysely'
import { type NameRange, seesDraftsToo, type Visibility } from '../../domain/access/visible-set.ts'
import type { PackageId } from '../../domain/names.ts'
import { wordsOf } from '../../domain/search-words.ts'
import type { Reader } from '../connection.ts'
import { packageMatches, wordsToLookUp } from '../contents/search.ts'
import { type Dialect, dialectOf } from '../dialect.ts'
import type { PartialPage } from '../partial-page.ts'
import { allOf, type Sql } from '../sql.ts'
import { inRange, patternsIn, repositoryRanges, visiblePackages } from '../visible.ts'
import { walkRanges } from '../walk-ranges.ts'

export type PackageSummary = PackageId & {
  latestRevision: number | null
  latestVersion: string | null
  revisionCount: number
  updatedAt: string
}

export type PackageFilter = { repository?: string | undefined; q?: string | undefined }

/** The packages that are tested in one query. */
const STEPS = 2000
/** A word in at most this many packages is rare: just those are tested. Otherwise all are, from the page's start. */
const FEW = 1000

const REPOSITORY = sql`packages.repository`
const PATH = sql`packages.path`

/** Resolves to the packages that have visible revisions, by repository and path. */
export async function listPackages(
  db: Reader,
  visibility: Visibility,
  filter: PackageFilter,
  page: { after?: PackageId | undefined; limit: number },
): Promise<PartialPage<PackageSummary, PackageId>> {
  const { q = '' } = filter
  const { after } = page
  const searched = q.trim() !== ''
  if (searched && wordsOf(q).length === 0) return { items: [] }
  const { published } = visibility
  const rare = searched ? await rareWord(db, q) : undefined
  const walks = !rare && published !== 'all' && filter.repository === undefined
  // Whole repositories are the ranges that are walked.
  const inRanges = walks && published.every(({ path }) => path === undefined)
  const searchFor = (seen: Visibility): Search => ({
    rare,
    tests: [...packageMatches(dialectOf(db), q), ...visible(seen, inRanges)],
    columns: columnsFor(seen),
    filter,
    after,
  })
  if (!walks) return readPage(db, searchFor(visibility), page.limit)
  return walkRanges(
    repositoryRanges(published).filter(({ before }) => !after || before > after.repository),
    page.limit,
    (range, limit) => {
      const drafts = patternsIn(visibility.drafts, range)
      return readPage(db, searchFor({ published: patternsIn(published, range), drafts }), limit, range)
    },
    // No name is an end of a range.
    ({ before }) => ({ repository: before, package: '' }),
  )
}

/** undefined for a package without visible revisions. */
export async function findPackageSummary(
  db: Reader,
  visibility: Visibility,
  id: PackageId,
): Promise<PackageSummary | undefined> {
  const conditions = [
    sql`${REPOSITORY} = ${id.repository}`,
    sql`${PATH} = ${id.package}`,
    sql`revision_count > 0`,
    ...visible(visibility, false),
  ]
  const { rows } = await sql<PackageSummary>`
    SELECT ${columnsFor(visibility)} FROM packages WHERE ${allOf(conditions)}`.execute(db)
  return rows[0]
}

type Search = {
  /** Selects the packages with a rare word. */
  rare: Sql | undefined
  tests: readonly Sql[]
  columns: Sql
  filter: PackageFilter
  after: PackageId | undefined
}

async function readPage(
  db: Reader,
  { rare, tests, columns, filter, after }: Search,
  limit: number,
  repositories?: NameRange,
): Promise<PartialPage<PackageSummary, PackageId>> {
  const dialect = dialectOf(db)
  const conditions = [...range(after, filter.repository), ...inRange(REPOSITORY, repositories)]
  const end = rare || tests.length === 0 ? undefined : await stepsOn(db, conditions)
  const from = rare
    ? dialect.ordered(sql`(${rare}) AS candidate`, sql`packages`, sql`packages.id = candidate.id`)
    : alongIndex(dialect)
  const all = [...conditions, ...tests]
  if (end) all.push(sql`(${REPOSITORY}, ${PATH}) <= (${end.repository}, ${end.package})`)
  const { rows } = await sql<PackageSummary>`
    SELECT ${columns} FROM ${from} WHERE ${allOf(all)} ORDER BY ${REPOSITORY}, ${PATH} LIMIT ${limit}`.execute(
    db,
  )
  return end && rows.length < limit ? { items: rows, lookedTo: end } : { items: rows }
}

/** `inRanges`: only packages of which something published may be visible are read. */
function visible({ published, drafts }: Visibility, inRanges: boolean): Sql[] {
  const inVisible = inRanges ? [] : visiblePackages(published, REPOSITORY, PATH)
  if (drafts === 'all' || seesDraftsToo({ published, drafts })) return inVisible
  const withDrafts = allOf(visiblePackages(drafts, REPOSITORY, PATH))
  return [...inVisible, sql`(latest_revision IS NOT NULL OR ${withDrafts})`]
}

/** Where drafts are hidden, what is stored about all revisions is computed from the published ones. */
function columnsFor(visibility: Visibility): Sql {
  const withDrafts = seesDraftsToo(visibility) ? [] : visiblePackages(visibility.drafts, REPOSITORY, PATH)
  const seen = (stored: Sql, computed: Sql) =>
    withDrafts.length === 0
      ? stored
      : sql`CASE WHEN ${allOf(withDrafts)} THEN ${stored} ELSE (
          SELECT ${computed} FROM package_revisions AS own WHERE own.package_id = packages.id AND own.revision > 0
        ) END`
  return sql.join([
    sql`${REPOSITORY}, ${PATH} AS package`,
    sql`latest_revision AS "latestRevision", latest_version AS "latestVersion"`,
    sql`${seen(sql`revision_count`, sql`count(*)`)} AS "revisionCount"`,
    sql`${seen(sql`packages.updated_at`, sql`max(own.updated_at)`)} AS "updatedAt"`,
  ])
}

function alongIndex({ indexed }: Dialect): Sql {
  return indexed(sql`packages`, 'packages_live')
}

/** Matches the packages with revisions behind `after`. */
function range(after: PackageId | undefined, repository: string | undefined): Sql[] {
  const conditions = [sql`revision_count > 0`]
  if (repository !== undefined) conditions.push(sql`${REPOSITORY} = ${repository}`)
  if (after === undefined) return conditions
  const behind =
    repository === undefined
      ? sql`(${REPOSITORY}, ${PATH}) > (${after.repository}, ${after.package})`
      : sql`${PATH} > ${after.package}`
  return [...conditions, behind]
}

/** Resolves to the package that many steps on; undefined where the range ends before it. */
async function stepsOn(db: Reader, inRange: readonly Sql[]): Promise<PackageId | undefined> {
  const { rows } = await sql<PackageId>`
    SELECT ${REPOSITORY}, ${PATH} AS package FROM ${alongIndex(dialectOf(db))}
    WHERE ${allOf(inRange)} ORDER BY ${REPOSITORY}, ${PATH} LIMIT 1 OFFSET ${STEPS - 1}`.execute(db)
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
