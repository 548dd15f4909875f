import BetterSqlite3 from 'better-sqlite3'

/** So many pages at once: while it is copied, nobody writes. */
const PAGES = 10_000

/** Copies a database that is in use, as it is now, to a file that is complete by itself. */
export async function copyDatabase(file: string, to: string): Promise<void> {
  const source = new BetterSqlite3(file, { readonly: true })
  try {
    await source.backup(to, { progress: () => PAGES })
  } finally {
    source.close()
  }
  const copy = new BetterSqlite3(to)
  try {
    copy.pragma('journal_mode = DELETE')
  } finally {
    copy.close()
  }
}
