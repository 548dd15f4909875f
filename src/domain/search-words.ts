/** Search terms: words of letters and digits, in lower case. */

/** The full-text index of the database splits words in the same way. */
const BETWEEN_WORDS = /[^\p{L}\p{N}]+/u

export function wordsOf(text: string): string[] {
  return text.toLowerCase().split(BETWEEN_WORDS).filter(Boolean)
}

/**
 * Returns the words of a text with a space before each. A text matches a query if its phrase contains the phrase of the
 * query: the same words in the same order, the last one as a prefix.
 */
export function phraseOf(text: string): string {
  return wordsOf(text)
    .map((word) => ` ${word}`)
    .join('')
}

/** Returns the phrases of a query, which spaces separate; a match contains all of them. */
export function phrasesOf(q: string): string[] {
  return [...new Set(q.split(/\s+/).map(phraseOf))].filter(Boolean)
}
