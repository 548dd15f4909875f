/**
 * Finds a page of a list at the cost of a page, however many revisions there are. If a part of the filter has few rows,
 * those are read and sorted; otherwise an index in the order of the list is walked, and each row is tested. The limit
 * for few grows with the number of revisions as the walk does, so that both ways cost the same there.
 */
import { sql } from 'kysely'
import { type NameRange, type Visibility, within } from '../../domain/access/visible-set.ts'
import type { Sort } from '../../domain/package-revision.ts'
import type { Reader } from '../connection.ts'
import { type Dialect, dialectOf } from '../dialect.ts'
import { allOf, type Sql } from '../sql.ts'
import { fewRepositories, inRange } from '../visible.ts'
import { PACKAGES, type PackageRevisionFilter, packagesSearched, testsOf } from './filter.ts'
import { basedByName, byName, ID, NAME, type OrderedSource, orderedSources, setSources } from './sources.ts'

export type Plan = {
  from: Sql
  /** The same joined with the rows of revisions, where `from` is without them. */
  fromWithRows: Sql
  name: Sql
  id: Sql
  conditions: readonly Sql[]
  /** The parts of the filter that need no test. */
  satisfied: readonly unknown[]
  /** The rows are few, and in no order. */
  few: boolean
  /** The rows come along an index for lists sorted by time, which has most columns that are tested. */
  alongSortIndex: boolean
  /** The rows of each of these repositories come along such an index; undefined: of all at once. */
  merged?: readonly string[]
  /** The rows come in the order of their names: only those in the ranges of names are to be read. */
  alongNames: boolean
}

/** The list that a plan is made for. */
export type Wanted = {
  visibility: Visibility
  filter: PackageRevisionFilter
  sort: Sort
  /** The names that are wanted; undefined for any. */
  ranges: readonly NameRange[] | undefined
}

const SORT_INDEX = {
  updatedAt: { all: 'package_revisions_updated', merged: 'package_revisions_repository_updated' },
  publishedAt: { all: 'package_revisions_published', merged: 'package_revisions_repository_published' },
}
/** The scans that one query merges. */
const MOST_MERGED = 32

/** Steps along an index that cost as much as one row out of order, with and without tests of the row itself. */
const STEPS_FOR_A_ROW = 15
const TESTS_FOR_A_ROW = 2
const LEAST_FEW = 500
const PAGE = 100
/** More ranges of names are taken as a single one for counting, which finds too many. */
const MOST_RANGES = 100

/** `beyond` returns the conditions of the page on a name, where the list is sorted by name. */
export async function planList(
  db: Reader,
  wanted: Wanted,
  beyond: (name: Sql) => readonly Sql[],
): Promise<Plan> {
  const { visibility, filter, sort, ranges } = wanted
  const dialect = dialectOf(db)
  const byFilter = orderedSources(dialect, filter)
  const sets = setSources(dialect, filter, { range: hull(ranges), hides: visibility.published !== 'all' })
  const byNames = sort.field === 'name'
  const merged = sort.field === 'name' ? undefined : await alongRepositories(db, wanted, sort.field)
  const ordered = ranges && !merged ? [...byFilter, byName(dialect)] : byFilter
  // The index for one part of the filter has just the rows that match, in each range of names.
  if (byNames && byFilter.length <= 1 && sets.length === 0) return walk(byFilter[0] ?? byName(dialect))
  const tests = testsOf(dialect, visibility, filter)
  const tested = byNames || [...tests.values()].some((test) => !test.inSortIndexes)
  let few = await fewRows(db, tested ? TESTS_FOR_A_ROW : STEPS_FOR_A_ROW)
  let best: Plan | undefined
  for (const source of ordered) {
    const rows = rowsOf(source, ranges, beyond)
    const count = await countUpTo(db, rows, few + 1)
    if (count > few) continue
    best = byNames ? walk(source) : candidates(dialect, source.part, rows)
    few = count - 1
  }
  for (const { part, ids, counts } of sets) {
    const count = await countUpTo(db, ids, few + 1, counts)
    if (count > few) continue
    best = candidates(dialect, part, ids)
    few = count - 1
  }
  return best ?? merged ?? alongIndex(dialect, wanted, byFilter)
}

/** Walks the index of each repository, where few are wanted. */
async function alongRepositories(
  db: Reader,
  { visibility, filter }: Wanted,
  field: 'updatedAt' | 'publishedAt',
): Promise<Plan | undefined> {
  const { repository } = filter
  const searched = packagesSearched(visibility, filter)
  const set = repository === undefined ? searched : within(searched, repository)
  const merged = await fewRepositories(db, set, MOST_MERGED)
  if (!merged || set === 'all') return undefined
  const from = dialectOf(db).indexed(sql`package_revisions`, SORT_INDEX[field].merged)
  const satisfied = set.every(({ path }) => path === undefined) ? PACKAGES : ['repository']
  return { ...ofRows(from), satisfied, few: false, alongSortIndex: true, merged, alongNames: false }
}

/** Walks the first index in the order of the list, where nothing is rare. */
function alongIndex(dialect: Dialect, { filter, sort: { field } }: Wanted, byFilter: OrderedSource[]): Plan {
  if (field !== 'name') {
    const from = dialect.indexed(sql`package_revisions`, SORT_INDEX[field].all)
    return { ...ofRows(from), satisfied: [], few: false, alongSortIndex: true, alongNames: false }
  }
  const narrow = byFilter.find(({ part }) => part !== 'latest' && part !== 'lifecycle')
  if (narrow) return walk(narrow)
  if (filter.outdated !== undefined) return walk(basedByName(dialect))
  return walk(byFilter[0] ?? byName(dialect))
}

function walk({ part, index, fromWithRows, conditions }: OrderedSource): Plan {
  return {
    ...index,
    fromWithRows,
    conditions,
    satisfied: [part, ...PACKAGES],
    few: false,
    alongSortIndex: false,
    alongNames: true,
  }
}

function candidates({ ordered }: Dialect, part: unknown, ids: Sql): Plan {
  const from = ordered(
    sql`(${ids}) AS candidate`,
    sql`package_revisions`,
    sql`package_revisions.id = candidate.id`,
  )
  const satisfied = part === undefined ? [] : [part]
  return { ...ofRows(from), satisfied, few: true, alongSortIndex: false, alongNames: false }
}

function ofRows(from: Sql): Pick<Plan, 'from' | 'fromWithRows' | 'name' | 'id' | 'conditions'> {
  return { from, fromWithRows: from, name: NAME, id: ID, conditions: [] }
}

/** Selects the ids of a source's rows in ranges of names. */
function rowsOf(
  { index: { from, name, id }, conditions }: OrderedSource,
  ranges: readonly NameRange[] | undefined,
  beyond: (name: Sql) => readonly Sql[],
): Sql {
  const selected = (range: NameRange | undefined) =>
    sql`SELECT ${id} AS id FROM ${from} WHERE ${allOf([...conditions, ...inRange(name, range), ...beyond(name)])}`
  if (ranges === undefined || ranges.length > MOST_RANGES) return selected(hull(ranges))
  return sql.join(ranges.map(selected), sql` UNION ALL `)
}

/** The range from the first to the last. */
function hull(ranges: readonly NameRange[] | undefined): NameRange | undefined {
  const [first] = ranges ?? []
  const last = ranges?.at(-1)
  return first && last && { from: first.from, before: last.before }
}

/** Counts up to `most` rows. Of `counts`, each at least 1, no more than `most` need to be added up. */
async function countUpTo(db: Reader, ids: Sql, most: number, counts?: Sql): Promise<number> {
  const counted = counts
    ? sql`SELECT coalesce(sum(count), 0) AS count FROM (${counts} LIMIT ${most}) AS counted`
    : sql`SELECT count(*) AS count FROM (${ids} LIMIT ${most}) AS counted`
  const { rows } = await sql<{ count: number | string }>`${counted}`.execute(db)
  return Number(rows[0]?.count ?? 0)
}

async function fewRows(db: Reader, stepsForARow: number): Promise<number> {
  const { rows } = await sql<{ most: number | null }>`SELECT max(id) AS most FROM package_revisions`.execute(
    db,
  )
  return Math.max(LEAST_FEW, Math.round(Math.sqrt(((rows[0]?.most ?? 0) * PAGE) / stepsForARow)))
}
