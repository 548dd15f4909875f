/** The revisions that contain an object. */
import { sql } from 'kysely'
import { seesAll, type Visibility } from '../../domain/access/visible-set.ts'
import type { Reader } from '../connection.ts'
import { dialectOf } from '../dialect.ts'
import type { PartialPage } from '../partial-page.ts'
import { allOf, type Sql } from '../sql.ts'
import { type Contained, type Occurrence, revisionsOf } from './containing-revisions.ts'
import { fewLatest, partsOf } from './few-visible.ts'

export type ObjectFilter = {
  apiVersion?: string | undefined
  kind?: string | undefined
  /** '' for objects without one. */
  namespace?: string | undefined
  name?: string | undefined
  latest?: boolean | undefined
}

type ObjectKey = { apiVersion: string; kind: string; namespace: string; name: string }

export type FoundObject = ObjectKey & Occurrence & { path: string }

const COLUMN = { apiVersion: 'api_version', kind: 'kind', namespace: 'namespace', name: 'name' } as const
type Field = keyof typeof COLUMN

/** The indexes of objects, and their columns: results come in this order. */
const INDEXES: readonly { index: string; fields: readonly Field[] }[] = [
  { index: 'objects_kind_name', fields: ['kind', 'name', 'namespace', 'apiVersion'] },
  { index: 'objects_name', fields: ['name', 'namespace', 'kind', 'apiVersion'] },
  { index: 'objects_namespace', fields: ['namespace', 'kind', 'name', 'apiVersion'] },
  { index: 'objects_api_version', fields: ['apiVersion', 'kind', 'name', 'namespace'] },
]

/** The occurrences that are read at once where only some of their revisions are wanted, at first and further on. */
const STEPS = { first: 300, further: 1000 }

/**
 * Resolves to the objects that a filter matches, each with the visible revisions that contain it, newest files first. The
 * filter must have a field besides `latest`.
 */
export async function listObjects(
  db: Reader,
  visibility: Visibility,
  filter: ObjectFilter,
  page: { after?: FoundObject | undefined; limit: number },
): Promise<PartialPage<Contained<FoundObject>, FoundObject>> {
  const { after, limit } = page
  const few = filter.latest === true ? await fewLatest(db, visibility) : undefined
  const steps = after ? STEPS.further : STEPS.first
  const most = few || (filter.latest === undefined && seesAll(visibility)) ? limit : steps
  const found = after ? await ofSameObject(db, few, after, most) : []
  const rest = most - found.length
  if (rest > 0) found.push(...(await ofObjects(db, few, filter, after, rest)))
  return revisionsOf(db, visibility, found, { latest: filter.latest, limit, complete: found.length < most })
}

/** Resolves to the remaining occurrences of the object that the previous page ended with. */
async function ofSameObject(
  db: Reader,
  few: Sql | undefined,
  after: FoundObject,
  limit: number,
): Promise<FoundObject[]> {
  const { contentsId, path, behind } = after
  const same = INDEXES[0]?.fields.map((field) => sql`${column(field)} = ${after[field]}`) ?? []
  const place = sql`(content_objects.contents_id < ${contentsId}
    OR (content_objects.contents_id = ${contentsId} AND content_objects.path >= ${path}))`
  const bound = sql`content_objects.contents_id <= ${contentsId}`
  const rows = await occurrences(db, few, 'objects_kind_name', [...same, bound, place], [], limit)
  return rows.map((row) => (row.contentsId === contentsId && row.path === path ? { ...row, behind } : row))
}

async function ofObjects(
  db: Reader,
  few: Sql | undefined,
  filter: ObjectFilter,
  after: FoundObject | undefined,
  limit: number,
): Promise<FoundObject[]> {
  const { index, fields } = indexFor(filter)
  const length = knownBefore(fields, filter)
  const given = fields.slice(0, length).map((field) => sql`${column(field)} = ${filter[field]}`)
  const rest = fields.slice(length)
  // With all fields given there is one object, and none after it.
  if (after && rest.length === 0) return []
  // A range: SQLite takes a column that equals a value for a constant, does not see then that the index has each
  // object once, and sorts.
  const tested = rest.flatMap((field) =>
    filter[field] === undefined ? [] : [sql`${column(field)} BETWEEN ${filter[field]} AND ${filter[field]}`],
  )
  const behind = after
    ? [sql`(${sql.join(rest.map(column))}) > (${sql.join(rest.map((field) => sql`${after[field]}`))})`]
    : []
  return occurrences(db, few, index, [...given, ...tested, ...behind], rest.map(column), limit)
}

async function occurrences(
  db: Reader,
  few: Sql | undefined,
  index: string,
  conditions: readonly Sql[],
  order: readonly Sql[],
  limit: number,
): Promise<FoundObject[]> {
  const dialect = dialectOf(db)
  const { indexed, ordered } = dialect
  const link = sql`content_objects.object_id = objects.id`
  const from = few
    ? ordered(partsOf(dialect, few, 'content_objects'), sql`objects`, link)
    : ordered(indexed(sql`objects`, index), indexed(sql`content_objects`, 'content_objects_object'), link)
  const { rows } = await sql<FoundObject>`
    SELECT ${few ? sql`DISTINCT` : sql``} objects.api_version AS "apiVersion", objects.kind, objects.namespace, objects.name,
      content_objects.contents_id AS "contentsId", content_objects.path, '' AS behind
    FROM ${from}
    WHERE ${allOf(conditions)}
    ORDER BY ${sql.join([...order, sql`content_objects.contents_id DESC`, sql`content_objects.path`])}
    LIMIT ${limit}`.execute(db)
  return rows
}

/** Returns the index that begins with the most fields of the filter. */
function indexFor(filter: ObjectFilter): (typeof INDEXES)[number] {
  return INDEXES.reduce((best, index) =>
    knownBefore(index.fields, filter) > knownBefore(best.fields, filter) ? index : best,
  )
}

/** Returns the number of leading fields that the filter has. */
function knownBefore(fields: readonly Field[], filter: ObjectFilter): number {
  const free = fields.findIndex((field) => filter[field] === undefined)
  return free < 0 ? fields.length : free
}

function column(field: Field): Sql {
  return sql`objects.${sql.ref(COLUMN[field])}`
}
