/** Conditions that several queries share. */
import { type RawBuilder, sql } from 'kysely'

export type Sql = RawBuilder<unknown>

/** Matches names of a repository's revisions: its name and ".", after which "/" sorts next and is in no name. */
export function inRepository(name: Sql, repository: string | undefined): Sql[] {
  if (repository === undefined) return []
  return [sql`${name} > ${`${repository}.`}`, sql`${name} < ${`${repository}/`}`]
}

export function allOf(conditions: readonly Sql[]): Sql {
  return conditions.length === 0 ? sql`TRUE` : sql.join(conditions, sql` AND `)
}
