/** Texts of JSON that readers understand differently, although their grammar is right. */

/** Readers have limits of their own, and each value takes many times its text in memory. */
const MAX_DEPTH = 100
const MAX_VALUES = 100_000

type Level = { keys: Set<string> | undefined; isObject: boolean; atKey: boolean }

/**
 * Returns what another reader may take differently than JSON.parse; undefined for nothing. Of a key that is there twice,
 * one reader takes the first value, one the last, and Go merges both. Go also replaces half a surrogate pair, and takes only
 * digits for an integer. The text need not be valid JSON.
 */
export function ambiguityIn(text: string): string | undefined {
  const levels: Level[] = []
  let values = 0
  for (let at = 0; at < text.length; at++) {
    const level = levels.at(-1)
    const character = text[at]
    if (character === '{' || character === '[') {
      const isObject = character === '{'
      if (levels.push({ keys: undefined, isObject, atKey: isObject }) > MAX_DEPTH)
        return 'it is nested too deeply'
    } else if (character === '}' || character === ']') levels.pop()
    else if (character === ',') {
      if (level) level.atKey = level.isObject
    } else if (character === '"') {
      const end = endOfString(text, at)
      const string = unescaped(text.slice(at, end))
      if (!string.isWellFormed()) return 'a text in it is not Unicode'
      if (level?.atKey) {
        level.keys ??= new Set()
        if (level.keys.has(string)) return `it has the field ${JSON.stringify(string.slice(0, 100))} twice`
        level.keys.add(string)
        level.atKey = false
      }
      at = end - 1
    } else if (/[-0-9]/.test(character ?? '')) {
      const number = /[-+.0-9eE]+/y
      number.lastIndex = at
      if (/[.eE]/.test(number.exec(text)?.[0] ?? '')) return 'a number in it is not written as an integer'
      at = number.lastIndex - 1
    } else continue
    if (++values > MAX_VALUES) return 'it has too many values'
  }
  return undefined
}

/** Returns the offset after the closing quote. */
function endOfString(text: string, start: number): number {
  let at = start + 1
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1
  return at + 1
}

function unescaped(literal: string): string {
  if (!literal.includes('\\')) return literal.slice(1, -1)
  try {
    return JSON.parse(literal)
  } catch {
    // The parser of the whole text reports it.
    return literal
  }
}
