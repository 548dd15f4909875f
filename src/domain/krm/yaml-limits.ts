/** The limits of all that reads YAML. They bound its time and memory: up to 4 µs, and 400 bytes, a token. */
import { Lexer } from 'yaml'

/** Larger files are not read: they are invalid, and merged and compared as texts. Kubernetes accepts 1.5 MiB in one object. */
export const MAX_BYTES = 16 * 1024 * 1024
/** The same for files of more tokens. The CustomResourceDefinitions of large operators have 60,000. */
export const MAX_TOKENS = 1_000_000
/** All files of a package that are read one after the other; 45 MiB of CustomResourceDefinitions. */
export const MAX_PACKAGE_TOKENS = 4_000_000
/** All files that are in memory together. */
export const MAX_TOKENS_AT_ONCE = 2_000_000

/** Reports whether a text has no more tokens than a file may have. Costs a fifth of reading it. */
export function isReadable(text: string): boolean {
  return tokensIn(text, MAX_TOKENS) <= MAX_TOKENS
}

/** Counts tokens up to a limit; of a text that cannot have so many, its characters may be counted. */
function tokensIn(text: string, limit: number): number {
  // The lexer puts a mark before scalars and documents.
  if (2 * text.length <= limit) return text.length
  let tokens = 0
  for (const _ of new Lexer().lex(text)) if (++tokens > limit) break
  return tokens
}

/** What files may have that are in memory together. */
export class YamlBudget {
  #left = MAX_TOKENS_AT_ONCE
  #bytes: number

  constructor(bytes = 3 * MAX_BYTES) {
    this.#bytes = bytes
  }

  /** Takes the tokens and bytes of a file; false if they are too many. */
  takes(content: Uint8Array): boolean {
    if (content.byteLength > Math.min(MAX_BYTES, this.#bytes)) return false
    const text = Buffer.from(content.buffer, content.byteOffset, content.byteLength).toString('utf8')
    const tokens = tokensIn(text, Math.min(MAX_TOKENS, this.#left))
    if (tokens > this.#left) return false
    this.#left -= tokens
    this.#bytes -= content.byteLength
    return true
  }
}
