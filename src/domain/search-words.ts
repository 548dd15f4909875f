/** Texts as a search sees them: words of letters and digits, in small letters. */

/** Anything else stands between words. The database splits in the same way. */
const BETWEEN_WORDS = /[^\p{L}\p{N}]+/u

export function wordsOf(text: string): string[] {
  return text.toLowerCase().split(BETWEEN_WORDS).filter(Boolean)
}

/**
 * The words of a text with a space before each; '' where there are none. A text has what is asked for where its phrase
 * contains the one of the question: words in that order, of which the last may go on.
 */
export function phraseOf(text: string): string {
  return wordsOf(text)
    .map((word) => ` ${word}`)
    .join('')
}

/** What is asked for with `q`: the phrases between its spaces, all of which have to be there. */
export function phrasesOf(q: string): string[] {
  return [...new Set(q.split(/\s+/).map(phraseOf))].filter(Boolean)
}
