/**
 * How a page of a list is found at the cost of a page, however many revisions there are. Where a part of the filter has
 * few rows, those are looked at, and sorted; otherwise an index in the order of the list is walked along, and each row
 * is tested. What is few grows with the number of revisions, as the way along the index does: both cost the same then.
 */
import { sql } from 'kysely'
import type { Sort } from '../../domain/package-revision.ts'
import { allOf, type Sql } from '../name-range.ts'
import type { Db } from '../schema.ts'
import { type PackageRevisionFilter, testsOf } from './filter.ts'
import {
  basedByName,
  byName,
  ID,
  NAME,
  type OrderedSource,
  orderedSources,
  type SetSource,
  setSources,
} from './sources.ts'

export type Plan = {
  from: Sql
  /** The same with the rows of the revisions, where `from` has them not. */
  fromWithRows: Sql
  name: Sql
  id: Sql
  conditions: readonly Sql[]
  /** The parts of the filter that need no test. */
  satisfied: readonly unknown[]
  /** The rows are few, and come in no order. */
  few: boolean
  /** Whether they come along an index of another order than names, which has most of what is tested. */
  alongSortIndex: boolean
}

const SORT_INDEX = { updatedAt: 'package_revisions_updated', publishedAt: 'package_revisions_published' }

/** Steps along an index cost so much less than rows in no order; less so where its entries do not tell enough. */
const STEPS_FOR_A_ROW = 15
const TESTS_FOR_A_ROW = 2
const LEAST_FEW = 500
const PAGE = 100

/** `beyond` are conditions of the page on a name, where the list is sorted by it. */
export async function planList(
  db: Db,
  filter: PackageRevisionFilter,
  sort: Sort,
  beyond: (name: Sql) => readonly Sql[],
): Promise<Plan> {
  const ordered = orderedSources(filter)
  const sets = setSources(filter)
  if (sort.field === 'name' && ordered.length <= 1 && sets.length === 0) {
    return walk(ordered[0] ?? byName(filter))
  }
  const tested = sort.field === 'name' || [...testsOf(filter).values()].some((test) => !test.inSortIndexes)
  let few = await fewRows(db, tested ? TESTS_FOR_A_ROW : STEPS_FOR_A_ROW)
  let best: Plan | undefined
  for (const source of ordered) {
    const { from, name, id } = source.index
    const rows = sql`SELECT ${id} AS id FROM ${from} WHERE ${allOf([...source.conditions, ...beyond(name)])}`
    const count = await countUpTo(db, rows, few + 1)
    if (count > few) continue
    best = sort.field === 'name' ? walk(source) : candidates(source.part, rows)
    few = count - 1
  }
  for (const { part, ids, counts } of sets) {
    const count = await countUpTo(db, ids, few + 1, counts)
    if (count > few) continue
    best = candidates(part, ids)
    few = count - 1
  }
  return best ?? alongIndex(filter, sort, ordered, sets)
}

/** Nothing is rare: the first way to walk along that has the order of the list. */
function alongIndex(
  filter: PackageRevisionFilter,
  { field }: Sort,
  ordered: readonly OrderedSource[],
  sets: readonly SetSource[],
): Plan {
  if (field !== 'name') {
    const from = sql`package_revisions INDEXED BY ${sql.ref(SORT_INDEX[field])}`
    return { ...ofRows(from), satisfied: [], few: false, alongSortIndex: true }
  }
  const narrow = ordered.find(
    ({ part }) => part !== 'latest' && part !== 'lifecycle' && part !== 'repository',
  )
  if (narrow) return walk(narrow)
  if (sets.some(({ part }) => part === 'outdated')) return walk(basedByName(filter))
  return walk(ordered[0] ?? byName(filter))
}

function walk({ part, index, fromWithRows, conditions }: OrderedSource): Plan {
  return {
    ...index,
    fromWithRows,
    conditions,
    satisfied: [part, 'repository'],
    few: false,
    alongSortIndex: false,
  }
}

function candidates(part: unknown, ids: Sql): Plan {
  const from = sql`(${ids}) AS candidate CROSS JOIN package_revisions ON package_revisions.id = candidate.id`
  const satisfied = part === undefined ? [] : [part]
  return { ...ofRows(from), satisfied, few: true, alongSortIndex: false }
}

function ofRows(from: Sql): Pick<Plan, 'from' | 'fromWithRows' | 'name' | 'id' | 'conditions'> {
  return { from, fromWithRows: from, name: NAME, id: ID, conditions: [] }
}

/** At least `most` where there are so many. Of `counts`, each at least 1, no more than `most` need to be added up. */
async function countUpTo(db: Db, ids: Sql, most: number, counts?: Sql): Promise<number> {
  const counted = counts
    ? sql`SELECT coalesce(sum(count), 0) AS count FROM (${counts} LIMIT ${most})`
    : sql`SELECT count(*) AS count FROM (${ids} LIMIT ${most})`
  const { rows } = await sql<{ count: number }>`${counted}`.execute(db)
  return rows[0]?.count ?? 0
}

async function fewRows(db: Db, stepsForARow: number): Promise<number> {
  const { rows } = await sql<{ most: number | null }>`SELECT max(id) AS most FROM package_revisions`.execute(
    db,
  )
  return Math.max(LEAST_FEW, Math.round(Math.sqrt(((rows[0]?.most ?? 0) * PAGE) / stepsForARow)))
}
