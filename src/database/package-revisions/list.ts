/** Lists of package revisions: filters, sorting, and pages by the last row seen (no offset to skip through). */
import { sql } from 'kysely'
import type { PackageRevision, Sort } from '../../domain/package-revision.ts'
import { allOf, among, type Sql } from '../name-range.ts'
import type { PartialPage } from '../partial-page.ts'
import type { Db } from '../schema.ts'
import { isVain, type PackageRevisionFilter, testsOf } from './filter.ts'
import { selectPackageRevisions } from './package-revisions.ts'
import { type Plan, planList } from './plan.ts'
import { toPackageRevision } from './row.ts'

/** Where a page ended: the sorted-by value of its last row, and that row's name. */
export type Cursor = { value: string; name: string }

const SORT_COLUMN = {
  updatedAt: sql<string>`package_revisions.updated_at`,
  publishedAt: sql<string>`package_revisions.published_order`,
} as const

/**
 * So many entries of an index are walked along at once: those who ask for what is almost nowhere shall not hold the
 * thread that serves. Where the entry tells enough they are more.
 */
const STEPS = 1000
const STEPS_IN_INDEX = 8000

/** At most `limit` revisions behind `after`. */
export async function listPackageRevisions(
  db: Db,
  filter: PackageRevisionFilter,
  page: { sort: Sort; after?: Cursor | undefined; limit: number },
): Promise<PartialPage<PackageRevision, Cursor>> {
  if (isVain(filter)) return { items: [] }
  const { sort, after, limit } = page
  const beyond = (name: Sql) =>
    sort.field === 'name' && after ? [sql`${name} ${comparison(sort)} ${after.name}`] : []
  const plan = await planList(db, filter, sort, beyond)
  const tests = [...testsOf(filter)]
    .filter(([part]) => !plan.satisfied.includes(part))
    .map(([, test]) => test)
  const range = after === undefined ? [] : [behind(plan, sort, after)]
  const inIndex = plan.alongSortIndex && tests.every(({ inSortIndexes }) => inSortIndexes)
  const steps = inIndex ? STEPS_IN_INDEX : STEPS
  const end = plan.few || tests.length === 0 ? undefined : await stepsOn(db, plan, { sort, range, steps })
  const conditions = [...plan.conditions, ...tests.map(({ condition }) => condition), ...range]
  if (end) conditions.push(upTo(plan, sort, end))
  const from = tests.length === 0 ? plan.from : plan.fromWithRows
  const found = select<{ id: number }>(
    sql`${plan.id} AS id`,
    plan,
    from,
    conditions,
    sort,
    sql`LIMIT ${limit}`,
  )
  const { rows } = await found.execute(db)
  const items = await inOrder(
    db,
    rows.map(({ id }) => id),
  )
  return end && items.length < limit ? { items, lookedTo: end } : { items }
}

/** The cursor behind a row, in a list that is sorted so. */
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
  const order = orderColumns(plan, sort).map((column) => sql`${column} ${direction}`)
  return sql<Row>`
    SELECT ${columns} FROM ${from} WHERE ${allOf(conditions)} ORDER BY ${sql.join(order)} ${limit}`
}

/** The entry so many steps along the index; undefined where that ends sooner. */
async function stepsOn(
  db: Db,
  plan: Plan,
  { sort, range, steps }: { sort: Sort; range: readonly Sql[]; steps: number },
): Promise<Cursor | undefined> {
  const value = sort.field === 'name' ? plan.name : SORT_COLUMN[sort.field]
  const columns = sql`${value} AS value, ${plan.name} AS name`
  const conditions = [...plan.conditions, ...range]
  const limit = sql`LIMIT 1 OFFSET ${steps - 1}`
  const { rows } = await select<Cursor>(columns, plan, plan.from, conditions, sort, limit).execute(db)
  return rows[0]
}

function comparison({ descending }: Sort): Sql {
  return descending ? sql`<` : sql`>`
}

/** What the list is sorted by; one column for lists that are sorted by name. */
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

async function inOrder(db: Db, ids: readonly number[]): Promise<PackageRevision[]> {
  if (ids.length === 0) return []
  const rows = await selectPackageRevisions(db).where('id', 'in', among(ids)).execute()
  const byId = new Map(rows.map((row) => [row.id, row]))
  return ids.flatMap((id) => {
    const row = byId.get(id)
    return row ? [toPackageRevision(row)] : []
  })
}
