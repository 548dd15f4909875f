/** Searches of contents for a caller who sees few revisions: all of those are looked through. */
import { sql } from 'kysely'
import type { Visibility } from '../../domain/access/visible-set.ts'
import type { Reader } from '../connection.ts'
import { type Dialect, dialectOf } from '../dialect.ts'
import { allOf, type Sql } from '../sql.ts'
import { inRange, nameRanges } from '../visible.ts'

/** Looking through so many takes as long as a few hundred occurrences that are walked in vain. */
const FEW = 3000
const MOST_RANGES = 100

/** The rows of a table that has the parts of these contents. */
export function partsOf(
  { ordered }: Dialect,
  contents: Sql,
  table: 'content_images' | 'content_objects',
): Sql {
  const part = sql.table(table)
  return ordered(sql`(${contents}) AS candidate`, part, sql`${part}.contents_id = candidate.contents_id`)
}

/** Resolves to a selection of the contents of the visible latest revisions; undefined where they are not few. */
export async function fewLatest(db: Reader, { published }: Visibility): Promise<Sql | undefined> {
  const ranges = await nameRanges(db, published)
  if (!ranges || ranges.length > MOST_RANGES) return undefined
  if (ranges.length === 0) return sql`SELECT contents_id FROM package_revisions WHERE FALSE`
  const from = dialectOf(db).indexed(sql`package_revisions`, 'package_revisions_latest')
  const selected = ranges.map((range) => {
    const conditions = [sql`latest = 1`, ...inRange(sql`name`, range)]
    return sql`SELECT contents_id FROM ${from} WHERE ${allOf(conditions)}`
  })
  const contents = sql.join(selected, sql` UNION ALL `)
  const { rows } = await sql<{ count: number | string }>`
    SELECT count(*) AS count FROM (${contents} LIMIT ${FEW + 1}) AS counted`.execute(db)
  return Number(rows[0]?.count) <= FEW ? contents : undefined
}
