/** Lists of package revisions: filters, sorting, and pages by the last row seen (no offset to skip through). */
import { sql } from 'kysely'
import type { PackageRevision, Sort } from '../package/package-revision.ts'
import { wordsOf } from '../package/search-words.ts'
import { allOf, type Sql } from './name-range.ts'
import { type PackageRevisionFilter, testsOf } from './package-revision-filter.ts'
import { type Plan, planList } from './package-revision-plan.ts'
import { toPackageRevision } from './package-revision-row.ts'
import { selectPackageRevisions } from './package-revisions.ts'
import type { Part } from './part.ts'
import type { Db } from './schema.ts'

/** Where a page ended: the sorted-by value of its last row, and that row's name. */
export type Cursor = { value: string; name: string }

const SORT_COLUMN = {
  name: sql<string>`package_revisions.name`,
  updatedAt: sql<string>`package_revisions.updated_at`,
  publishedAt: sql<string>`coalesce(package_revisions.published_at, '')`,
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
): Promise<Part<PackageRevision, Cursor>> {
  const { q } = filter
  // Without any word there is nothing that could be found.
  if (q !== undefined && q.trim() !== '' && wordsOf(q).length === 0) return { items: [] }
  const { sort, after, limit } = page
  const beyond = (name: Sql) =>
    sort.field === 'name' && after ? [sql`${name} ${comparison(sort)} ${after.name}`] : []
  const plan = await planList(db, filter, sort, beyond)
  const tests = [...testsOf(filter)]
    .filter(([part]) => !plan.satisfied.includes(part))
    .map(([, test]) => test)
  const range = after === undefined ? [] : behind(sort, after)
  const inIndex = plan.alongSortIndex && tests.every(({ inSortIndexes }) => inSortIndexes)
  const steps = inIndex ? STEPS_IN_INDEX : STEPS
  const end = plan.few || tests.length === 0 ? undefined : await stepsOn(db, plan, { sort, range, steps })
  const conditions = [...plan.conditions, ...tests.map(({ condition }) => condition), ...range]
  if (end) conditions.push(...upTo(sort, end))
  const { rows } = await select<{ id: number }>(
    sql`package_revisions.id`,
    plan,
    conditions,
    sort,
    sql`LIMIT ${limit}`,
  ).execute(db)
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

function select<Row>(columns: Sql, plan: Plan, conditions: readonly Sql[], sort: Sort, limit: Sql) {
  const direction = sort.descending ? sql`DESC` : sql`ASC`
  const names = sort.field === 'name' ? sql`` : sql`, package_revisions.name ${direction}`
  return sql<Row>`
    SELECT ${columns} FROM ${plan.from} WHERE ${allOf(conditions)}
    ORDER BY ${SORT_COLUMN[sort.field]} ${direction} ${names} ${limit}`
}

/** The entry so many steps along the index; undefined where that ends sooner. */
async function stepsOn(
  db: Db,
  plan: Plan,
  { sort, range, steps }: { sort: Sort; range: readonly Sql[]; steps: number },
): Promise<Cursor | undefined> {
  const columns = sql`${SORT_COLUMN[sort.field]} AS value, package_revisions.name AS name`
  const conditions = [...plan.conditions, ...range]
  const { rows } = await select<Cursor>(
    columns,
    plan,
    conditions,
    sort,
    sql`LIMIT 1 OFFSET ${steps - 1}`,
  ).execute(db)
  return rows[0]
}

function comparison({ descending }: Sort): Sql {
  return descending ? sql`<` : sql`>`
}

/** The first condition is for the index, which SQLite does not use for pairs that begin with an expression. */
function behind(sort: Sort, { value, name }: Cursor): Sql[] {
  const column = SORT_COLUMN[sort.field]
  const names = SORT_COLUMN.name
  if (sort.field === 'name') return [sql`${names} ${comparison(sort)} ${name}`]
  return [
    sql`${column} ${comparison(sort)}= ${value}`,
    sql`(${column}, ${names}) ${comparison(sort)} (${value}, ${name})`,
  ]
}

function upTo(sort: Sort, { value, name }: Cursor): Sql[] {
  const column = SORT_COLUMN[sort.field]
  const names = SORT_COLUMN.name
  const within = sort.descending ? sql`>=` : sql`<=`
  if (sort.field === 'name') return [sql`${names} ${within} ${name}`]
  return [sql`${column} ${within} ${value}`, sql`(${column}, ${names}) ${within} (${value}, ${name})`]
}

async function inOrder(db: Db, ids: readonly number[]): Promise<PackageRevision[]> {
  if (ids.length === 0) return []
  const rows = await selectPackageRevisions(db)
    .where('id', 'in', sql<number>`(SELECT value FROM json_each(${JSON.stringify(ids)}))`)
    .execute()
  const byId = new Map(rows.map((row) => [row.id, row]))
  return ids.flatMap((id) => {
    const row = byId.get(id)
    return row ? [toPackageRevision(row)] : []
  })
}
