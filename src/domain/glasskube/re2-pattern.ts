/** Patterns as Glasskube matches them: with Go's regular expressions, which are those of RE2. */
import { RE2JS, RE2JSException } from 're2js'

/** Authors check a name or an address; the library would take a quarter of a second for the longest that it accepts. */
const MAX_LENGTH = 1000

/** Half a second or so, for all patterns that are used in one go. */
const MAX_STEPS = 100_000_000
const STEPS_TO_PARSE_A_CHARACTER = 3000
const STEPS_TO_COMPILE_AN_INSTRUCTION = 300

const TOO_MUCH = 'takes too long to check together with the others: use simpler patterns or shorter values'

/** Compiles patterns, each once, and matches them, with a bound on the work of all of them together. */
export class Re2Patterns {
  readonly #compiled = new Map<string, RE2JS | { problem: string }>()
  #stepsLeft = MAX_STEPS

  /** Returns why a pattern cannot be used; undefined if it can. */
  problemOf(pattern: string): string | undefined {
    const compiled = this.#compile(pattern)
    return 'problem' in compiled ? compiled.problem : undefined
  }

  /** Reports whether a pattern matches a part of the text, or why that cannot be said. */
  test(pattern: string, text: string): boolean | { problem: string } {
    const compiled = this.#compile(pattern)
    if ('problem' in compiled) return compiled
    return this.#spend(compiled.programSize() * text.length) ? compiled.test(text) : { problem: TOO_MUCH }
  }

  #compile(pattern: string): RE2JS | { problem: string } {
    const known = this.#compiled.get(pattern) ?? this.#compileFirst(pattern)
    this.#compiled.set(pattern, known)
    return known
  }

  #compileFirst(pattern: string): RE2JS | { problem: string } {
    if (pattern.length > MAX_LENGTH) return { problem: `has more than ${MAX_LENGTH} characters: shorten it` }
    if (!this.#spend(pattern.length * STEPS_TO_PARSE_A_CHARACTER)) return { problem: TOO_MUCH }
    try {
      const compiled = RE2JS.compile(pattern)
      const isCheap = this.#spend(compiled.programSize() * STEPS_TO_COMPILE_AN_INSTRUCTION)
      return isCheap ? compiled : { problem: TOO_MUCH }
    } catch (error) {
      if (!(error instanceof RE2JSException)) throw error
      const reason = error.message.replace(/^error parsing regexp: /, '')
      return { problem: `is no regular expression in the syntax of RE2, which clients use: ${reason}` }
    }
  }

  #spend(steps: number): boolean {
    this.#stepsLeft -= steps
    return this.#stepsLeft >= 0
  }
}
