/** Patterns of setter comments, such as `${image}:${tag}`. */

const NAME = /\$\{([^}]+)\}/g

/** Returns the names of the setters in a pattern. */
export function namesOf(pattern: string): string[] {
  return [...pattern.matchAll(NAME)].map((match) => match[1] ?? '')
}

export function fillPattern(pattern: string, values: ReadonlyMap<string, string>): string {
  return pattern.replaceAll(NAME, (_, name: string) => values.get(name) ?? '')
}

/**
 * Returns the values of the names in a pattern, taken from the value of the field: `nginx:1.25` for `${image}:${tag}`.
 * As in kpt, earlier names match as much as they can, so the split between adjacent names is a guess.
 */
export function derivedValues(pattern: string, value: string): Map<string, string> {
  const names = namesOf(pattern)
  const parts = pattern.split(/\$\{[^}]+\}/)
  const values: string[] = []
  let end = value.length - (parts.at(-1) ?? '').length
  const start = (parts[0] ?? '').length
  if (!value.startsWith(parts[0] ?? '') || !value.endsWith(parts.at(-1) ?? '') || end < start)
    return new Map()
  // From the end, so that earlier names match as much as they can.
  for (const separator of parts.slice(1, -1).reverse()) {
    const at = value.slice(start, end).lastIndexOf(separator)
    if (at < 0) return new Map()
    values.unshift(value.slice(start + at + separator.length, end))
    end = start + at
  }
  values.unshift(value.slice(start, end))
  if (values.includes('')) return new Map()
  return new Map(names.map((name, at) => [name, values[at] ?? '']))
}
