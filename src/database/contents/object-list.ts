/** Which revisions contain an object. */
import { sql } from 'kysely'
import { allOf, type Sql } from '../name-range.ts'
import type { PartialPage } from '../partial-page.ts'
import type { Db } from '../schema.ts'
import { type Contained, type Occurrence, revisionsOf } from './containing-revisions.ts'

export type ObjectFilter = {
  apiVersion?: string | undefined
  kind?: string | undefined
  /** '' for objects that say none. */
  namespace?: string | undefined
  name?: string | undefined
  latest?: boolean | undefined
}

type ObjectKey = { apiVersion: string; kind: string; namespace: string; name: string }

export type FoundObject = ObjectKey & Occurrence & { path: string }

const COLUMN = { apiVersion: 'api_version', kind: 'kind', namespace: 'namespace', name: 'name' } as const
type Field = keyof typeof COLUMN

/** The indexes of objects, with their columns: the answer comes in their order. */
const INDEXES: readonly { index: string; fields: readonly Field[] }[] = [
  { index: 'objects_kind_name', fields: ['kind', 'name', 'namespace', 'apiVersion'] },
  { index: 'objects_name', fields: ['name', 'namespace', 'kind', 'apiVersion'] },
  { index: 'objects_namespace', fields: ['namespace', 'kind', 'name', 'apiVersion'] },
  { index: 'objects_api_version', fields: ['apiVersion', 'kind', 'name', 'namespace'] },
]

/** Where only some of the revisions are wanted, so many are looked at in one go. */
const STEPS = 1000

/**
 * The objects that a filter finds, each with the revisions that contain it: first those with the newest files. The
 * filter has to say anything but `latest`.
 */
export async function listObjects(
  db: Db,
  filter: ObjectFilter,
  page: { after?: FoundObject | undefined; limit: number },
): Promise<PartialPage<Contained<FoundObject>, FoundObject>> {
  const { after, limit } = page
  const most = filter.latest === undefined ? limit : STEPS
  const found = after ? await ofSameObject(db, after, most) : []
  const rest = most - found.length
  if (rest > 0) found.push(...(await ofObjects(db, filter, after, rest)))
  return revisionsOf(db, found, { latest: filter.latest, limit, complete: found.length < most })
}

/** What is left of the object that the page before has ended with. */
async function ofSameObject(db: Db, after: FoundObject, limit: number): Promise<FoundObject[]> {
  const { contentsId, path, behind } = after
  const same = INDEXES[0]?.fields.map((field) => sql`${column(field)} = ${after[field]}`) ?? []
  const place = sql`(content_objects.contents_id < ${contentsId}
    OR (content_objects.contents_id = ${contentsId} AND path >= ${path}))`
  const bound = sql`content_objects.contents_id <= ${contentsId}`
  const rows = await occurrences(db, 'objects_kind_name', [...same, bound, place], [], limit)
  return rows.map((row) => (row.contentsId === contentsId && row.path === path ? { ...row, behind } : row))
}

async function ofObjects(
  db: Db,
  filter: ObjectFilter,
  after: FoundObject | undefined,
  limit: number,
): Promise<FoundObject[]> {
  const { index, fields } = indexFor(filter)
  const length = knownBefore(fields, filter)
  const given = fields.slice(0, length).map((field) => sql`${column(field)} = ${filter[field]}`)
  const rest = fields.slice(length)
  // All that is asked for is one object: there is none behind it.
  if (after && rest.length === 0) return []
  // The plus keeps SQLite from taking the column for a constant: then it would not see that no object comes twice.
  const tested = rest.flatMap((field) =>
    filter[field] === undefined ? [] : [sql`+${column(field)} = ${filter[field]}`],
  )
  const behind = after
    ? [sql`(${sql.join(rest.map(column))}) > (${sql.join(rest.map((field) => sql`${after[field]}`))})`]
    : []
  return occurrences(db, index, [...given, ...tested, ...behind], rest.map(column), limit)
}

async function occurrences(
  db: Db,
  index: string,
  conditions: readonly Sql[],
  order: readonly Sql[],
  limit: number,
): Promise<FoundObject[]> {
  const { rows } = await sql<FoundObject>`
    SELECT objects.api_version AS apiVersion, objects.kind, objects.namespace, objects.name,
      content_objects.contents_id AS contentsId, content_objects.path, '' AS behind
    FROM objects INDEXED BY ${sql.ref(index)}
    CROSS JOIN content_objects INDEXED BY content_objects_object ON content_objects.object_id = objects.id
    WHERE ${allOf(conditions)}
    ORDER BY ${sql.join([...order, sql`content_objects.contents_id DESC`, sql`content_objects.path`])}
    LIMIT ${limit}`.execute(db)
  return rows
}

/** The index with the most of what is asked for before all else. */
function indexFor(filter: ObjectFilter): (typeof INDEXES)[number] {
  return INDEXES.reduce((best, index) =>
    knownBefore(index.fields, filter) > knownBefore(best.fields, filter) ? index : best,
  )
}

/** How many of the first columns are asked for. */
function knownBefore(fields: readonly Field[], filter: ObjectFilter): number {
  const free = fields.findIndex((field) => filter[field] === undefined)
  return free < 0 ? fields.length : free
}

function column(field: Field): Sql {
  return sql`objects.${sql.ref(COLUMN[field])}`
}
