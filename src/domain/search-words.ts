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

/** A text in which many queries are searched. */
export class SearchedText {
  readonly #text: string
  readonly #words: ReadonlySet<string>
  /** In order, to find one that begins with some letters. */
  readonly #sorted: readonly string[]

  /** `text` has a phrase in each line. */
  constructor(text: string) {
    this.#text = text
    this.#words = new Set(text.split(/[ \n]+/))
    this.#sorted = [...this.#words].sort()
  }

  /** Whether it has all phrases of the query. A query without a word matches nothing, unless it is empty. */
  matches(q: string): boolean {
    const phrases = phrasesOf(q)
    return phrases.length > 0 ? phrases.every((phrase) => this.#has(phrase)) : q.trim() === ''
  }

  /** Looks at the words first, which takes no time, as most queries match few texts. */
  #has(phrase: string): boolean {
    const words = phrase.trimStart().split(' ')
    const last = words.pop() ?? ''
    return words.every((word) => this.#words.has(word)) && this.#begins(last) && this.#text.includes(phrase)
  }

  #begins(start: string): boolean {
    let [low, high] = [0, this.#sorted.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#sorted[middle] as string) < start) low = middle + 1
      else high = middle
    }
    return this.#sorted[low]?.startsWith(start) === true
  }
}

/** Returns the phrases of a query, which spaces separate; a match contains all of them. */
export function phrasesOf(q: string): string[] {
  return [...new Set(q.split(/\s+/).map(phraseOf))].filter(Boolean)
}
