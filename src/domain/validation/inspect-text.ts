/** Finds what readers of YAML refuse wherever it stands in a file. */
import { Lexer } from 'yaml'
import type { Fault } from './inspect-document.ts'
import { isText, SCALAR } from './inspect-tokens.ts'

type Rule = { pattern: RegExp; message: (found: string) => string }

const RULES: readonly Rule[] = [
  {
    // Anything but what YAML allows (https://yaml.org/spec/1.1/#id868524); UTF-8 has no surrogates.
    pattern: /[^\t\n\r -~\u0085\u00A0-\uFFFD]/g,
    message: (char) =>
      `YAML does not allow the character ${codeOf(char)}: remove it, or write ${escapeOf(char)} in double quotes`,
  },
  {
    // kubectl splits a file at lines that begin so, before it parses.
    pattern: /---(?<=(?:^|\n)---)(?![ \t]*(?:\r?\n|$)|[ \t]+#)/g,
    message: () => 'only a comment may follow "---": start a new line',
  },
  {
    pattern: /(?:---|\.\.\.)(?<=[\r\u0085\u2028\u2029]...)/g,
    message: () => 'kubectl does not split the file here: end the line above with a line feed',
  },
  {
    pattern: /\uFEFF(?<=(?:^|[\r\n\u0085\u2028\u2029])[ \t]*\uFEFF)/g,
    message: () => 'a byte order mark may only stand at the start of the file: remove it',
  },
]

/** The limit for each rule; more of them mostly have one cause. */
const MAX_FAULTS = 20

/** Inspects a text without the byte order mark at its start. */
export function inspectText(text: string): Fault[] {
  return RULES.flatMap(({ pattern, message }) =>
    [...text.matchAll(pattern).take(MAX_FAULTS)].map((match) => ({
      offset: match.index,
      message: message(match[0]),
    })),
  )
}

function codeOf(char: string): string {
  return `U+${hex(char, 4)}`
}

function escapeOf(char: string): string {
  return char < '\u0100' ? `\\x${hex(char, 2)}` : `\\u${hex(char, 4)}`
}

function hex(char: string, digits: number): string {
  return char.charCodeAt(0).toString(16).toUpperCase().padStart(digits, '0')
}

/** Line breaks of YAML 1.1, which YAML 1.2 and so the yaml library lack, and that of old Macs. */
const OTHER_BREAKS = /\r(?!\n)|[\u0085\u2028\u2029]/g

export function hasOtherBreaks(text: string): boolean {
  return text.search(OTHER_BREAKS) >= 0
}

/** Returns the text with the line breaks that readers see; positions stay the same. */
export function withKnownBreaks(text: string): string {
  if (!hasOtherBreaks(text)) return text
  let result = ''
  let last = ''
  for (const token of new Lexer().lex(text)) {
    // In quotes, readers fold them, but the library wants the next line to be indented.
    const isQuoted = last !== SCALAR && /^["']/.test(token)
    if (isText(token)) result += isQuoted ? token : token.replaceAll(OTHER_BREAKS, '\n')
    last = token
  }
  return result
}
