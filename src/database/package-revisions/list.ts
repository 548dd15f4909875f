/** Lists of package revisions: filtered, sorted, and in pages that continue after the last row of the one before. */
import { sql } from 'kysely'
import type { NameRange, Visibility } from '../../domain/access/visible-set.ts'
import type { PackageRevision, Sort } from '../../domain/package-revision.ts'
import type { Reader } from '../connection.ts'
import { dialectOf } from '../dialect.ts'
import type { PartialPage } from '../partial-page.ts'
import { allOf, type Sql } from '../sql.ts'
import { inRange, nameRanges } from '../visible.ts'
import { walkRanges } from '../walk-ranges.ts'
import { isVain, type PackageRevisionFilter, packagesSearched, type Test, testsOf } from './filter.ts'
import { type Plan, planList } from './plan.ts'
import { toPackageRevision } from './row.ts'
import { selectPackageRevisions } from './select.ts'

/** Where a page ended: the value that its last row is sorted by, and the row's name. */
export type Cursor = { value: string; name: string }

const SORT_COLUMN = {
  updatedAt: sql<string>`package_revisions.updated_at`,
  publishedAt: sql<string>`package_revisions.published_order`,
} as const

/**
 * The index entries that are walked in one query, so that a search for something rare does not block the thread. More
 * where the entries have all columns that are tested.
 */
const STEPS = 1000
const STEPS_IN_INDEX = 8000

type PageOf = { sort: Sort; after?: Cursor | undefined; limit: number }

/** Resolves to at most `limit` visible revisions behind `after`. */
export async function listPackageRevisions(
  db: Reader,
  visibility: Visibility,
  filter: PackageRevisionFilter,
  page: PageOf,
): Promise<PartialPage<PackageRevision, Cursor>> {
  if (isVain(filter)) return { items: [] }
  const { sort, after } = page
  const ranges = await nameRanges(db, packagesSearched(visibility, filter), filter.repository)
  if (ranges?.length === 0) return { items: [] }
  const beyond = (name: Sql) =>
    sort.field === 'name' && after ? [sql`${name} ${comparison(sort)} ${after.name}`] : []
  const plan = await planList(db, { visibility, filter, sort, ranges }, beyond)
  const tests = [...testsOf(dialectOf(db), visibility, filter)]
    .filter(([part]) => !plan.satisfied.includes(part))
    .map(([, test]) => test)
  const search = { plan, tests }
  const found =
    plan.alongNames && ranges
      ? await walkRanges(
          ahead(ranges, page),
          page.limit,
          (range, limit) => findIds(db, search, { ...page, limit }, range),
          // No name is an end of a range.
          ({ from, before }) => ({ value: '', name: sort.descending ? from : before }),
        )
      : await findIds(db, search, page)
  return { ...found, items: await inOrder(db, found.items) }
}

/** Returns the ranges that are not wholly before a page, in the order of the list. */
function ahead(ranges: readonly NameRange[], { sort, after }: PageOf): NameRange[] {
  if (!sort.descending) return ranges.filter(({ before }) => !after || before > after.name)
  return ranges.filter(({ from }) => !after || from < after.name).reverse()
}

type Search = { plan: Plan; tests: readonly Test[] }

async function findIds(
  db: Reader,
  { plan, tests }: Search,
  { sort, after, limit }: PageOf,
  names?: NameRange,
): Promise<PartialPage<number, Cursor>> {
  const range = [...inRange(plan.name, names), ...(after === undefined ? [] : [behind(plan, sort, after)])]
  const inIndex = plan.alongSortIndex && tests.every(({ inSortIndexes }) => inSortIndexes)
  const steps = inIndex ? STEPS_IN_INDEX : STEPS
  const end = plan.few || tests.length === 0 ? undefined : await stepsOn(db, plan, { sort, range, steps })
  const conditions = [...plan.conditions, ...tests.map(({ condition }) => condition), ...range]
  if (end) conditions.push(upTo(plan, sort, end))
  const from = tests.length === 0 ? plan.from : plan.fromWithRows
  const found = select<{ id: number }>(
    plan.merged ? sql`${plan.id} AS id, ${position(plan, sort)}` : sql`${plan.id} AS id`,
    plan,
    from,
    conditions,
    sort,
    sql`LIMIT ${limit}`,
  )
  const { rows } = await found.execute(db)
  const items = rows.map(({ id }) => id)
  return end && items.length < limit ? { items, lookedTo: end } : { items }
}

/** Returns the cursor behind a row. */
export function cursorAt(revision: PackageRevision, { field }: Sort): Cursor {
  return { value: revision[field] ?? '', name: revision.name }
}

function select<Row>(
  columns: Sql,
  plan: Plan,
  from: Sql,
  conditions: readonly Sql[],
  sort: Sort,
  limit: Sql,
) {
  const direction = sort.descending ? sql`DESC` : sql`ASC`
  const inOrder = (order: readonly Sql[]) =>
    sql`ORDER BY ${sql.join(order.map((column) => sql`${column} ${direction}`))}`
  if (!plan.merged) {
    return sql<Row>`
      SELECT ${columns} FROM ${from} WHERE ${allOf(conditions)} ${inOrder(orderColumns(plan, sort))} ${limit}`
  }
  // Databases merge the scans, each in the order of the list, as far as the page needs them.
  const scans = plan.merged.map(
    (repository) => sql`
      SELECT ${columns} FROM ${from}
      WHERE ${allOf([sql`package_revisions.repository = ${repository}`, ...conditions])}`,
  )
  return sql<Row>`${sql.join(scans, sql` UNION ALL `)} ${inOrder([sql`value`, sql`name`])} ${limit}`
}

/** Resolves to the index entry that many steps on; undefined where the index ends before it. */
async function stepsOn(
  db: Reader,
  plan: Plan,
  { sort, range, steps }: { sort: Sort; range: readonly Sql[]; steps: number },
): Promise<Cursor | undefined> {
  const conditions = [...plan.conditions, ...range]
  const limit = sql`LIMIT 1 OFFSET ${steps - 1}`
  const { rows } = await select<Cursor>(
    position(plan, sort),
    plan,
    plan.from,
    conditions,
    sort,
    limit,
  ).execute(db)
  return rows[0]
}

/** The columns of a cursor. */
function position(plan: Plan, { field }: Sort): Sql {
  return sql`${field === 'name' ? plan.name : SORT_COLUMN[field]} AS value, ${plan.name} AS name`
}

function comparison({ descending }: Sort): Sql {
  return descending ? sql`<` : sql`>`
}

/** Returns the columns that the list is sorted by: one for lists sorted by name. */
function orderColumns(plan: Plan, { field }: Sort): Sql[] {
  return field === 'name' ? [plan.name] : [SORT_COLUMN[field], plan.name]
}

function orderValues({ field }: Sort, { value, name }: Cursor): Sql[] {
  return field === 'name' ? [sql`${name}`] : [sql`${value}`, sql`${name}`]
}

function behind(plan: Plan, sort: Sort, after: Cursor): Sql {
  return sql`(${sql.join(orderColumns(plan, sort))}) ${comparison(sort)} (${sql.join(orderValues(sort, after))})`
}

function upTo(plan: Plan, sort: Sort, end: Cursor): Sql {
  const within = sort.descending ? sql`>=` : sql`<=`
  return sql`(${sql.join(orderColumns(plan, sort))}) ${within} (${sql.join(orderValues(sort, end))})`
}

async function inOrder(db: Reader, ids: readonly number[]): Promise<PackageRevision[]> {
  if (ids.length === 0) return []
  const rows = await selectPackageRevisions(db).where('id', 'in', dialectOf(db).list(ids)).execute()
  const byId = new Map(rows.map((row) => [row.id, row]))
  return ids.flatMap((id) => {
    const row = byId.get(id)
    return row ? [toPackageRevision(row)] : []
  })
}
