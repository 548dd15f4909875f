/**
 * Version ranges of dependencies, read by `NewConstraint` and applied by `Validate` of Masterminds/semver 3.3.1, as
 * Glasskube does. Later versions of that library treat prereleases in another way.
 */
import { type Comparator, meets, OPEN_VERSION, parseComparator } from './comparator.ts'
import type { LooseVersion } from './loose-version.ts'

export type VersionRange = {
  /** As Glasskube prints it: without commas and needless spaces, hyphen ranges as two comparators. */
  text: string
  /** A version must meet all comparators of one of these groups. */
  alternatives: readonly (readonly Comparator[])[]
}

const MAX_LENGTH = 1000

// Go's \s, which is less than JavaScript's.
const SPACE = '[\\t\\n\\f\\r ]'
const WITHOUT_GROUPS = OPEN_VERSION.replace(/\((?!\?)/g, '(?:')
const HYPHEN_RANGE = new RegExp(
  `${SPACE}*(${WITHOUT_GROUPS})${SPACE}+-${SPACE}+(${WITHOUT_GROUPS})${SPACE}*`,
  'g',
)
const COMPARATOR = new RegExp(`${SPACE}*(?:([=!<>~^]+)${SPACE}*)?([^\\t\\n\\f\\r ]+)`, 'g')

/** An empty text is no range: callers take an empty `version` of a dependency as no constraint. */
export function parseRange(text: string): VersionRange | { problem: string } {
  if (text.length > MAX_LENGTH)
    return { problem: `must be a version range of at most ${MAX_LENGTH} characters` }
  const alternatives: Comparator[][] = []
  for (const group of withoutHyphens(text).split('||')) {
    const comparators = parseGroup(group)
    if (!comparators) {
      const part = group === text ? '' : `, but ${JSON.stringify(group.trim())} is none`
      return { problem: `must be a version range such as ">= 1.2.0, < 2.0.0", "^1.2.0" or "1.2.x"${part}` }
    }
    alternatives.push(comparators)
  }
  const groups = alternatives.map((comparators) => comparators.map((comparator) => comparator.text).join(' '))
  return { text: groups.join(' || '), alternatives }
}

/** Rewrites `1.1 - 2` to `>= 1.1, <= 2`, each time at the first place that looks the same, as the original does. */
function withoutHyphens(text: string): string {
  let rewritten = text
  for (const [match, from, to] of text.matchAll(HYPHEN_RANGE)) {
    rewritten = rewritten.replace(match, `>= ${from}, <= ${to} `)
  }
  return rewritten
}

/** Comparators are separated by spaces or one comma, and spaces may follow an operator. */
function parseGroup(text: string): Comparator[] | undefined {
  const comparators: Comparator[] = []
  for (const piece of text.split(',')) {
    const before = comparators.length
    for (const [, operator = '', version = ''] of piece.matchAll(COMPARATOR)) {
      const comparator = parseComparator(operator, version)
      if (!comparator) return undefined
      comparators.push(comparator)
    }
    if (comparators.length === before) return undefined
  }
  return comparators
}

export function rangeMatches(range: VersionRange, version: LooseVersion): boolean {
  return range.alternatives.some((comparators) =>
    comparators.every((comparator) => meets(version, comparator)),
  )
}

/** Reports whether a build number stands in the range: it has no effect, so an author should be warned. */
export function namesBuild(range: VersionRange): boolean {
  return range.text.includes('+')
}
