/** Patterns of setter comments, such as `${image}:${tag}`. */

/** The names of a pattern, and the texts before, between and behind them: one more than there are names. */
type Pattern = { names: string[]; texts: string[] }

/** Not a regular expression: one would look for the end of each name that has none to the end of the pattern. */
function parse(pattern: string): Pattern {
  const names: string[] = []
  const texts: string[] = []
  let [from, start] = [0, pattern.indexOf('${')]
  while (start >= 0) {
    const end = pattern.indexOf('}', start)
    if (end < 0) break
    // A name has at least one character.
    if (end === start + 2) {
      start = pattern.indexOf('${', end)
      continue
    }
    names.push(pattern.slice(start + 2, end))
    texts.push(pattern.slice(from, start))
    from = end + 1
    start = pattern.indexOf('${', from)
  }
  return { names, texts: [...texts, pattern.slice(from)] }
}

/** Returns the names of the setters in a pattern. */
export function namesOf(pattern: string): string[] {
  return parse(pattern).names
}

export function fillPattern(pattern: string, textFor: (name: string) => string | undefined): string {
  const { names, texts } = parse(pattern)
  return texts.map((text, at) => (at === 0 ? text : (textFor(names[at - 1] ?? '') ?? '') + text)).join('')
}

/**
 * Returns the values of the names in a pattern, taken from the value of the field: `nginx:1.25` for `${image}:${tag}`.
 * As in kpt, earlier names match as much as they can, so the split between adjacent names is a guess.
 */
export function derivedValues(pattern: string, value: string): Map<string, string> {
  const { names, texts } = parse(pattern)
  const [first = '', last = ''] = [texts[0], texts.at(-1)]
  let end = value.length - last.length
  const start = first.length
  if (!value.startsWith(first) || !value.endsWith(last) || end < start) return new Map()
  const values: string[] = []
  // From the end, so that earlier names match as much as they can.
  for (const separator of texts.slice(1, -1).reverse()) {
    const at = value.lastIndexOf(separator, end - separator.length)
    if (at < start || end - separator.length < start) return new Map()
    values.push(value.slice(at + separator.length, end))
    end = at
  }
  values.push(value.slice(start, end))
  if (values.includes('')) return new Map()
  return new Map(names.map((name, at) => [name, values[names.length - 1 - at] ?? '']))
}
