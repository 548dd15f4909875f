/**
 * The patterns of gitignore (https://git-scm.com/docs/gitignore), matched in the time that their length times that of
 * the path takes. The libraries at hand make regular expressions of them, and those of a hostile pattern run for
 * ever: these patterns come from whoever sends a package.
 */

type Token =
  | { kind: 'char'; char: string }
  | { kind: 'any' }
  | { kind: 'star' }
  | { kind: 'class'; has: (char: string) => boolean }

/** One name of a pattern; undefined is `**`, any number of names. */
type Segment = readonly Token[] | undefined

type Pattern = { segments: readonly Segment[]; negated: boolean; onlyDirectories: boolean }

export class GitIgnore {
  readonly #patterns: readonly Pattern[]
  /** What is known of directories: their files ask for them again and again. */
  readonly #directories = new Map<string, boolean>()

  constructor(text: string) {
    this.#patterns = text.split(/\r?\n/).flatMap((line) => parsePattern(line) ?? [])
  }

  /** Whether the patterns name this file, or a directory that it is in. */
  ignores(path: string): boolean {
    const names = path.split('/')
    for (let depth = 1; depth < names.length; depth++) {
      const directory = names.slice(0, depth)
      const key = directory.join('/')
      const known = this.#directories.get(key) ?? this.#lastMatch(directory, true)
      this.#directories.set(key, known)
      // Nothing below a directory that is left out can be taken in again.
      if (known) return true
    }
    return this.#lastMatch(names, false)
  }

  /** The last pattern that matches decides. */
  #lastMatch(names: readonly string[], isDirectory: boolean): boolean {
    const last = this.#patterns.findLast((pattern) => {
      return (isDirectory || !pattern.onlyDirectories) && matchNames(pattern.segments, names)
    })
    return last !== undefined && !last.negated
  }
}

function parsePattern(line: string): Pattern | undefined {
  // Blanks at the end do not count, unless they are escaped.
  let text = line.replace(/(?<!\\) +$/, '')
  if (text === '' || text.startsWith('#')) return undefined
  const negated = text.startsWith('!')
  if (negated) text = text.slice(1)
  const onlyDirectories = text.endsWith('/')
  if (onlyDirectories) text = text.slice(0, -1)
  const anchored = text.includes('/')
  const names = text.replace(/^\//, '').split('/')
  const segments: Segment[] = names.map((name) => (anchored && name === '**' ? undefined : parseName(name)))
  // `a/**` is everything inside of a, and not a itself.
  if (segments.length > 1 && segments.at(-1) === undefined) segments.push([{ kind: 'star' }])
  if (!anchored) segments.unshift(undefined)
  return { segments, negated, onlyDirectories }
}

function parseName(name: string): Token[] {
  const tokens: Token[] = []
  const chars = Array.from(name)
  for (let at = 0; at < chars.length; at++) {
    const char = chars[at] ?? ''
    if (char === '*') {
      if (tokens.at(-1)?.kind !== 'star') tokens.push({ kind: 'star' })
    } else if (char === '?') tokens.push({ kind: 'any' })
    else if (char === '[') {
      const { has, end } = parseClass(chars, at)
      tokens.push({ kind: 'class', has })
      at = end
    } else if (char === '\\' && at + 1 < chars.length) tokens.push({ kind: 'char', char: chars[++at] ?? '' })
    else tokens.push({ kind: 'char', char })
  }
  return tokens
}

/** `[a-z_]`, `[!a-z]`. One that is not closed matches nothing. */
function parseClass(
  chars: readonly string[],
  start: number,
): { has: (char: string) => boolean; end: number } {
  let at = start + 1
  const negated = chars[at] === '!' || chars[at] === '^'
  if (negated) at++
  const ranges: [string, string][] = []
  for (let first = true; first || chars[at] !== ']'; first = false) {
    if (at >= chars.length) return { has: () => false, end: chars.length }
    if (chars[at] === '\\') at++
    const from = chars[at] ?? ''
    let to = from
    if (chars[at + 1] === '-' && at + 2 < chars.length && chars[at + 2] !== ']') {
      at += chars[at + 2] === '\\' ? 3 : 2
      to = chars[at] ?? ''
    }
    ranges.push([from, to])
    at++
  }
  return { has: (char) => ranges.some(([from, to]) => from <= char && char <= to) !== negated, end: at }
}

function matchNames(segments: readonly Segment[], names: readonly string[]): boolean {
  return matchWithWildcard(segments, names, (segment) => segment === undefined, matchName)
}

function matchName(tokens: Segment, name: string): boolean {
  return matchWithWildcard(tokens ?? [], Array.from(name), (token) => token.kind === 'star', matchChar)
}

function matchChar(token: Token, char: string): boolean {
  if (token.kind === 'char') return token.char === char
  return token.kind === 'class' ? token.has(char) : token.kind === 'any'
}

/**
 * Whether a sequence matches a pattern in which some elements stand for any number of items. Of several wildcards
 * only the last one has to be tried again, with one item more, so nothing is tried twice.
 */
function matchWithWildcard<Element, Item>(
  pattern: readonly Element[],
  items: readonly Item[],
  isWildcard: (element: Element) => boolean,
  matches: (element: Element, item: Item) => boolean,
): boolean {
  let inPattern = 0
  let inItems = 0
  let wildcard = -1
  let takenByWildcard = 0
  while (inItems < items.length) {
    const element = pattern[inPattern] as Element
    if (inPattern < pattern.length && isWildcard(element)) {
      wildcard = inPattern++
      takenByWildcard = inItems
    } else if (inPattern < pattern.length && matches(element, items[inItems] as Item)) {
      inPattern++
      inItems++
    } else if (wildcard >= 0) {
      inPattern = wildcard + 1
      inItems = ++takenByWildcard
    } else return false
  }
  return pattern.slice(inPattern).every(isWildcard)
}
