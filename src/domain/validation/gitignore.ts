/**
 * The patterns of gitignore (https://git-scm.com/docs/gitignore), with a bound on the work. Libraries turn them into
 * regular expressions, and those of a hostile pattern, which any client can send in a package, run forever.
 */

type Token =
  | { kind: 'char'; char: string }
  | { kind: 'any' }
  | { kind: 'star' }
  | { kind: 'class'; negated: boolean; members: readonly Member[] }

/** One part of a class: `a`, `a-z` or `[:digit:]`. */
type Member = (char: string) => boolean

/** One name of a pattern; undefined is `**`, which matches any number of names. */
type Segment = readonly Token[] | undefined

type Pattern = { segments: readonly Segment[]; negated: boolean; onlyDirectories: boolean }

/** The characters of a name. */
type Name = readonly string[]

/** A limit on comparisons, shared by several sets of patterns. */
export class Budget {
  #left: number

  constructor(steps: number) {
    this.#left = steps
  }

  /** Throws `BudgetError` when it is used up. */
  spend(steps: number): void {
    this.#left -= steps
    if (this.#left < 0) throw new BudgetError()
  }
}

export class BudgetError extends Error {}

export class GitIgnore {
  readonly #patterns: readonly Pattern[]
  readonly #budget: Budget
  /** Results for directories, which all of their files need. */
  readonly #directories = new Map<string, boolean>()

  constructor(text: string, budget: Budget) {
    this.#patterns = text.split(/\r?\n/).flatMap((line) => parsePattern(line) ?? [])
    this.#budget = budget
  }

  /** Reports whether the patterns match a file or one of its directories. Throws `BudgetError`. */
  ignores(path: string): boolean {
    const names = path.split('/').map((name) => Array.from(name))
    for (
      let slash = path.indexOf('/'), depth = 1;
      slash >= 0;
      slash = path.indexOf('/', slash + 1), depth++
    ) {
      const directory = path.slice(0, slash)
      const known = this.#directories.get(directory) ?? this.#lastMatch(names.slice(0, depth), true)
      this.#directories.set(directory, known)
      // Nothing below an ignored directory can be included again.
      if (known) return true
    }
    return this.#lastMatch(names, false)
  }

  /** The last pattern that matches decides. */
  #lastMatch(names: readonly Name[], isDirectory: boolean): boolean {
    const last = this.#patterns.findLast((pattern) => {
      this.#budget.spend(1)
      return (isDirectory || !pattern.onlyDirectories) && matchNames(pattern.segments, names, this.#budget)
    })
    return last !== undefined && !last.negated
  }
}

function parsePattern(line: string): Pattern | undefined {
  let text = withoutTrailingSpaces(line)
  if (text === '' || text.startsWith('#')) return undefined
  const negated = text.startsWith('!')
  if (negated) text = text.slice(1)
  const onlyDirectories = text.endsWith('/')
  if (onlyDirectories) text = text.slice(0, -1)
  // A trailing backslash is invalid, and matches nothing.
  if (isEscaped(text, text.length)) return undefined
  const anchored = text.includes('/')
  const names = text.replace(/^\//, '').split('/')
  const segments: Segment[] = names.map((name) => (anchored && name === '**' ? undefined : parseName(name)))
  // `a/**` matches everything inside `a`, but not `a` itself.
  if (segments.length > 1 && segments.at(-1) === undefined) segments.push([{ kind: 'star' }])
  if (!anchored) segments.unshift(undefined)
  return { segments, negated, onlyDirectories }
}

/** Trailing spaces are ignored unless they are escaped. */
function withoutTrailingSpaces(line: string): string {
  let end = line.length
  while (end > 0 && line[end - 1] === ' ' && line[end - 2] !== '\\') end--
  return line.slice(0, end)
}

/** Reports whether an odd number of backslashes precedes the position. */
function isEscaped(text: string, at: number): boolean {
  let backslashes = 0
  while (text[at - 1 - backslashes] === '\\') backslashes++
  return backslashes % 2 === 1
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
      const { token, end } = parseClass(chars, at)
      tokens.push(token)
      at = end
    } else if (char !== '\\') tokens.push({ kind: 'char', char })
    // At the end of a name, a backslash escapes the slash behind it, which changes nothing.
    else if (++at < chars.length) tokens.push({ kind: 'char', char: chars[at] ?? '' })
  }
  return tokens
}

const NOTHING: Token = { kind: 'class', negated: false, members: [] }

/** Parses `[a-z_]`, `[!a-z]` or `[[:digit:]]`. A class that is not closed matches nothing. */
function parseClass(chars: Name, start: number): { token: Token; end: number } {
  let at = start + 1
  const negated = chars[at] === '!' || chars[at] === '^'
  if (negated) at++
  const members: Member[] = []
  for (let first = true; first || chars[at] !== ']'; first = false) {
    if (at >= chars.length) return { token: NOTHING, end: chars.length }
    const named = chars[at] === '[' && chars[at + 1] === ':' ? closingColon(chars, at + 2) : -1
    if (named >= 0) {
      const pattern = NAMED_CLASSES[chars.slice(at + 2, named).join('')]
      if (!pattern) return { token: NOTHING, end: chars.length }
      members.push((char) => pattern.test(char))
      at = named + 2
      continue
    }
    if (chars[at] === '\\') at++
    const from = chars[at] ?? ''
    let to = from
    if (chars[at + 1] === '-' && at + 2 < chars.length && chars[at + 2] !== ']') {
      at += chars[at + 2] === '\\' ? 3 : 2
      to = chars[at] ?? ''
    }
    members.push((char) => from <= char && char <= to)
    at++
  }
  return { token: { kind: 'class', negated, members }, end: at }
}

/** Returns the index of the `:]` of a named class if the next `]` is part of one, else -1. */
function closingColon(chars: Name, start: number): number {
  const bracket = chars.indexOf(']', start)
  return bracket > start && chars[bracket - 1] === ':' ? bracket - 1 : -1
}

/**
 * https://pubs.opengroup.org/onlinepubs/9699919799/basedefs/V1_chap09.html#tag_09_03_05, limited to ASCII as in git.
 */
const NAMED_CLASSES: Record<string, RegExp | undefined> = {
  alnum: /^[0-9A-Za-z]$/,
  alpha: /^[A-Za-z]$/,
  blank: /^[ \t]$/,
  cntrl: /^\p{Cc}$/u,
  digit: /^[0-9]$/,
  graph: /^[!-~]$/,
  lower: /^[a-z]$/,
  print: /^[ -~]$/,
  punct: /^[!-/:-@[-`{-~]$/,
  space: /^[ \t\n\v\f\r]$/,
  upper: /^[A-Z]$/,
  xdigit: /^[0-9A-Fa-f]$/,
}

function matchNames(segments: readonly Segment[], names: readonly Name[], budget: Budget): boolean {
  const matchOne = (tokens: Segment, name: Name): boolean => matchName(tokens ?? [], name, budget)
  return matchWithWildcard(segments, names, (segment) => segment === undefined, matchOne, budget)
}

function matchName(tokens: readonly Token[], name: Name, budget: Budget): boolean {
  const matchOne = (token: Token, char: string): boolean => matchChar(token, char, budget)
  return matchWithWildcard(tokens, name, (token) => token.kind === 'star', matchOne, budget)
}

function matchChar(token: Token, char: string, budget: Budget): boolean {
  if (token.kind === 'char') return token.char === char
  if (token.kind !== 'class') return token.kind === 'any'
  budget.spend(token.members.length)
  return token.members.some((has) => has(char)) !== token.negated
}

/**
 * Matches a sequence against a pattern in which wildcards stand for any number of items. After a mismatch only the last
 * wildcard is extended, by one item, so there is no exponential backtracking.
 */
function matchWithWildcard<Element, Item>(
  pattern: readonly Element[],
  items: readonly Item[],
  isWildcard: (element: Element) => boolean,
  matches: (element: Element, item: Item) => boolean,
  budget: Budget,
): boolean {
  let inPattern = 0
  let inItems = 0
  let wildcard = -1
  let takenByWildcard = 0
  while (inItems < items.length) {
    budget.spend(1)
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
  while (inPattern < pattern.length && isWildcard(pattern[inPattern] as Element)) inPattern++
  return inPattern === pattern.length
}
