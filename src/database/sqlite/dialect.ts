import { SqliteAdapter, SqliteDialect, sql } from 'kysely'
import type { Dialect, DialectCarrier } from '../dialect.ts'

const dialect: Dialect = {
  list: (values) => sql`(SELECT value FROM json_each(${JSON.stringify(values)}))`,
  rows: (columns, rows) => {
    const values = JSON.stringify(rows.map((row) => columns.map((column) => row[column])))
    const selected = columns.map((column, at) => `value ->> ${at} AS "${column}"`).join(', ')
    return sql`(SELECT ${sql.raw(selected)} FROM json_each(${values}))`
  },
  indexed: (table, index) => sql`${table} INDEXED BY ${sql.ref(index)}`,
  // SQLite keeps the order of a CROSS JOIN: https://www.sqlite.org/lang_select.html#crossjoin
  ordered: (first, second, on) => sql`${first} CROSS JOIN ${second} ON ${on}`,
  has: (text, part) => sql`instr(${text}, ${part}) > 0`,
  wordSource: (table, { text, begins }) => {
    const words = sql.ref(table === 'packages' ? 'package_words' : 'revision_words')
    return sql`SELECT rowid AS id FROM ${words} WHERE ${words} MATCH ${`"${text}"${begins ? ' *' : ''}`}`
  },
}

class Adapter extends SqliteAdapter implements DialectCarrier {
  readonly dialect = dialect
}

/** Kysely's dialect for SQLite, with ours. */
export class IndexDialect extends SqliteDialect {
  override createAdapter(): Adapter {
    return new Adapter()
  }
}
