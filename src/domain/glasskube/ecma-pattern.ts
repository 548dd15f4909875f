/** Patterns of RE2 in the syntax of ECMAScript, which JSON Schema has. */

const PUNCTUATION = String.raw`\\[!-\/:-@[-\x60{-~]`

/** The pieces of patterns that both languages have, or that have an equal in ECMAScript. */
const PIECES = new RegExp(
  [
    String.raw`[^\\^$.*+?()[\]{}|]`,
    '[$^.|)*+?]',
    String.raw`\((?:\?:|(?!\?))`,
    String.raw`\{[0-9]+(?:,[0-9]*)?\}`,
    String.raw`\\[AzbBdDwWsSnrtfv]`,
    PUNCTUATION,
    String.raw`\[\^?(?:[^\\[\]]|\\[dDwWsnrtfv]|${PUNCTUATION})+\]`,
  ].join('|'),
  'gu',
)

/** The space of RE2, which lacks some of ECMAScript's. */
const SPACE = String.raw`\t\n\f\r `

const EQUALS: Readonly<Record<string, string>> = {
  '.': String.raw`[^\n]`,
  '\\s': `[${SPACE}]`,
  '\\S': `[^${SPACE}]`,
  '\\A': '^',
  '\\z': '$',
}

/** Returns a pattern that matches the same texts; undefined if there is none, or if this module does not know it. */
export function ecmaPattern(pattern: string): string | undefined {
  let translated = ''
  let end = 0
  for (const { 0: piece, index } of pattern.matchAll(PIECES)) {
    if (index !== end) return undefined
    end += piece.length
    translated += piece.startsWith('[') ? translateClass(piece) : (EQUALS[piece] ?? plainOf(piece))
  }
  return end === pattern.length && isPattern(translated) ? translated : undefined
}

function translateClass(piece: string): string {
  return piece.replace(/\\./g, (part) => {
    if (part === '\\s') return SPACE
    return part === '\\-' ? part : plainOf(part)
  })
}

/** Removes the backslash where ECMAScript refuses it, since the character has no meaning. */
function plainOf(piece: string): string {
  return piece.replace(/^\\(?=_|[^\w^$\\.*+?()[\]{}|/])/, '')
}

function isPattern(text: string): boolean {
  try {
    return new RegExp(text, 'u') instanceof RegExp
  } catch {
    return false
  }
}
