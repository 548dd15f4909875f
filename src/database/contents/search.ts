/** Full-text search: conditions that match phrases, and words to look up in the index of words. */
import { sql } from 'kysely'
import { phraseOf, phrasesOf, wordsOf } from '../../domain/search-words.ts'
import type { Reader } from '../connection.ts'
import { type Dialect, dialectOf, type Word } from '../dialect.ts'
import type { Sql } from '../sql.ts'

/** The lengths of word beginnings that the index of words has, as its migration declares them. */
const PREFIXES = [12, 8, 6, 4, 3, 2]
/** The most words that are looked up to find the rarest. */
const LOOKED_UP = 8

/** Matches package revisions with all phrases of `q`, each in the name or in the words of the files. */
export function revisionMatches(dialect: Dialect, q: string): Sql[] {
  const name = sql`replace(package_revisions.name, '.', '-')`
  return phrasesOf(q).map(
    (phrase) => sql`(
      ${hasPhrase(dialect, name, phrase)} OR EXISTS (
        SELECT 1 FROM contents
        WHERE contents.id = package_revisions.contents_id AND ${dialect.has(sql`contents.words`, phrase)}
      )
    )`,
  )
}

/** Resolves to the texts that are searched for `q`, a phrase in each line; none for revisions that do not exist. */
export async function searchedTexts(
  db: Reader,
  names: readonly string[],
): Promise<{ name: string; text: string }[]> {
  const rows = await db
    .selectFrom('package_revisions')
    .leftJoin('contents', 'contents.id', 'package_revisions.contents_id')
    .select(['package_revisions.name', 'contents.words'])
    .where('package_revisions.name', 'in', dialectOf(db).list(names))
    .execute()
  return rows.map(({ name, words }) => ({ name, text: `${phraseOf(name)}\n${words ?? ''}` }))
}

/** Matches packages with all phrases of `q` in their names. */
export function packageMatches(dialect: Dialect, q: string): Sql[] {
  const name = sql`repository || '-' || replace(path, '/', '-')`
  return phrasesOf(q).map((phrase) => hasPhrase(dialect, name, phrase))
}

/** Matches a phrase in a name whose words are separated by "-". */
function hasPhrase(dialect: Dialect, name: Sql, phrase: string): Sql {
  return dialect.has(sql`'-' || ${name}`, phrase.replaceAll(' ', '-'))
}

/**
 * Returns words that everything with all phrases of `q` has, the longest first. The last word of a phrase may be the
 * beginning of one: it is cut to a length that the index has, so a single list is read instead of many merged.
 */
export function wordsToLookUp(q: string): Word[] {
  const found = new Map<string, Word>()
  for (const phrase of phrasesOf(q)) {
    const words = wordsOf(phrase)
    const last = [...(words.pop() ?? '')]
    for (const text of words) found.set(text, { text, begins: false })
    const length = PREFIXES.find((known) => known <= last.length)
    if (length === undefined) continue
    const text = last.slice(0, length).join('')
    found.set(`${text}*`, { text, begins: true })
  }
  return [...found.values()].sort((a, b) => b.text.length - a.text.length).slice(0, LOOKED_UP)
}
