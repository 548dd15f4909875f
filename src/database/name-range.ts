/** Components of a list in the order of names, as conditions on a column with names. */
import { type RawBuilder, sql } from 'kysely'

export type Sql = RawBuilder<unknown>

/** The names of a repository's revisions: they begin with it and a ".", which "/" follows; no name has that. */
export function inRepository(name: Sql, repository: string | undefined): Sql[] {
  if (repository === undefined) return []
  return [sql`${name} > ${`${repository}.`}`, sql`${name} < ${`${repository}/`}`]
}

export function allOf(conditions: readonly Sql[]): Sql {
  return conditions.length === 0 ? sql`1` : sql.join(conditions, sql` AND `)
}

/** For a condition with IN: in one parameter, however many there are. */
export function among<Value extends string | number>(values: readonly Value[]): RawBuilder<Value> {
  return sql<Value>`(SELECT value FROM json_each(${JSON.stringify(values)}))`
}
