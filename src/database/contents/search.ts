/** Full-text search: which rows have the phrases that are asked for, and which of their words is rare. */
import { type RawBuilder, sql } from 'kysely'
import { phrasesOf, wordsOf } from '../../domain/search-words.ts'

/** The lengths of beginnings that the index of words knows, as in its migration: no other is quick to find. */
const PREFIXES = [12, 8, 6, 4, 3, 2]
/** Words that are looked up to find the rarest of them. */
const LOOKED_UP = 8

/** That a package revision has all phrases of `q`, each in its name or in what is known of its files. */
export function revisionMatches(q: string): RawBuilder<unknown>[] {
  const name = sql`replace(package_revisions.name, '.', '-')`
  return phrasesOf(q).map(
    (phrase) => sql`(
      ${hasPhrase(name, phrase)} OR EXISTS (
        SELECT 1 FROM contents
        WHERE contents.id = package_revisions.contents_id AND instr(contents.words, ${phrase}) > 0
      )
    )`,
  )
}

export function packageMatches(q: string): RawBuilder<unknown>[] {
  const name = sql`repository || '-' || replace(path, '/', '-')`
  return phrasesOf(q).map((phrase) => hasPhrase(name, phrase))
}

/** In a name with "-" between its words. */
function hasPhrase(name: RawBuilder<unknown>, phrase: string): RawBuilder<unknown> {
  return sql`instr('-' || ${name}, ${phrase.replaceAll(' ', '-')}) > 0`
}

/**
 * What to look up in a table of words: whatever matches `q` is among what each of these finds. A beginning is cut to a
 * length that the index knows, so that it is one list to read and not many to merge.
 */
export function wordQueries(q: string): string[] {
  const queries = phrasesOf(q).flatMap((phrase) => {
    const words = wordsOf(phrase)
    const last = [...(words.pop() ?? '')]
    const length = PREFIXES.find((known) => known <= last.length)
    const begun = length === undefined ? [] : [`"${last.slice(0, length).join('')}" *`]
    return [...words.map((word) => `"${word}"`), ...begun]
  })
  return [...new Set(queries)].sort((a, b) => b.length - a.length).slice(0, LOOKED_UP)
}
