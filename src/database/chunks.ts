/** Rows of one INSERT. SQLite binds up to 32,766 values to a statement, and a package revision has fifty. */
const ROWS = 200

/** Divides rows into what one INSERT takes. */
export function* chunks<Row>(rows: readonly Row[]): Generator<Row[]> {
  for (let at = 0; at < rows.length; at += ROWS) yield rows.slice(at, at + ROWS)
}
