/** The SQL that differs between databases. All other SQL outside of their folders must be understood by each. */
import type { DialectAdapter, RawBuilder } from 'kysely'
import type { Reader } from './connection.ts'
import type { Sql } from './sql.ts'

export type Dialect = {
  /** Values as a subquery for a condition with IN, in one parameter however many they are. */
  list: <Value extends string | number>(values: readonly Value[]) => RawBuilder<Value>
  /** Rows as a table that needs an alias, in one parameter however many they are. */
  rows: <Row, Column extends keyof Row & string>(
    columns: readonly Column[],
    rows: readonly Row[],
  ) => RawBuilder<Pick<Row, Column>>
  /** A table that is read along this index. */
  indexed: (table: Sql, index: string) => Sql
  /** A join that reads `first` before `second`. */
  ordered: (first: Sql, second: Sql, on: Sql) => Sql
  /** Matches texts that contain another. */
  has: (text: Sql, part: string) => Sql
  /** Selects the `id` of each row whose name or files contain a word. */
  wordSource: (table: 'package_revisions' | 'packages', word: Word) => Sql
}

/** A word to look up; with `begins`, the first letters of it. */
export type Word = { text: string; begins: boolean }

/** Carries the dialect of a connection to the queries on it, and on its transactions. */
export type DialectCarrier = DialectAdapter & { readonly dialect: Dialect }

export function dialectOf(db: Reader): Dialect {
  return (db.getExecutor().adapter as DialectCarrier).dialect
}
