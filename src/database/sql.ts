/** Conditions that several queries share. */
import { type RawBuilder, sql } from 'kysely'

export type Sql = RawBuilder<unknown>

export function allOf(conditions: readonly Sql[]): Sql {
  return conditions.length === 0 ? sql`TRUE` : sql.join(conditions, sql` AND `)
}
