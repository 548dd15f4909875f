/** What a caller may see, compiled from grants once, so that lists can be filtered by ranges of names. */
import type { Grant } from './grant.ts'
import { covers, EVERYTHING, minimal, overlapOf, type Pattern, patternOf } from './pattern.ts'
import type { Permission } from './permission.ts'

/** Everything, or all that is in any of the patterns. */
export type VisibleSet = 'all' | readonly Pattern[]

export type Visibility = { published: VisibleSet; drafts: VisibleSet }

/** Texts from `from` on and before `before`. */
type NameRange = { from: string; before: string }

export function visibilityOf(grants: readonly Grant[]): Visibility {
  return { published: visibleWith(grants, 'read'), drafts: visibleWith(grants, 'draft.read') }
}

function visibleWith(grants: readonly Grant[], permission: Permission): VisibleSet {
  const areas = grants
    .filter(({ permissions }) => permissions.has(permission))
    .map(({ area }) => area)
    .filter((area) => area !== 'server')
  return areas.some((area) => covers(area, EVERYTHING)) ? 'all' : minimal(areas)
}

/** Whether a package is visible; without one, whether all of a repository is. */
export function sees(set: VisibleSet, target: { repository: string; package?: string }): boolean {
  return set === 'all' || set.some((pattern) => covers(pattern, patternOf(target)))
}

/** Whether a repository is visible, if only because a package in it may be. */
export function seesPartOf(set: VisibleSet, repository: string): boolean {
  return set === 'all' || set.some((pattern) => overlapOf(pattern, patternOf({ repository })) !== undefined)
}

/**
 * The ranges of the names of visible revisions, sorted and disjoint. `repositories` are the names of all that exist:
 * `team-*` is one range, but a package in each of them is as many as there are.
 */
export function revisionNameRanges(set: readonly Pattern[], repositories: readonly string[]): NameRange[] {
  const prefixes = set.flatMap((pattern) => {
    if (pattern.path === undefined) return [pattern.repository + (pattern.prefix ? '' : '.')]
    const below = `.${pattern.path.replaceAll('/', '.')}.`
    return repositories
      .filter((name) => covers({ ...pattern, path: undefined }, patternOf({ repository: name })))
      .map((name) => name + below)
  })
  const ranges: NameRange[] = []
  for (const from of prefixes.sort()) {
    // Prefixes that begin with another sort after it.
    const last = ranges.at(-1)
    if (last && from < last.before) continue
    ranges.push({ from, before: following(from) })
  }
  return ranges
}

/** The first text after all that begin with a prefix. */
function following(prefix: string): string {
  return prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1)
}
