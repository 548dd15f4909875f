/** What a caller may see, compiled from grants once, so that lists can be filtered by ranges of names. */

import { isPublished, type Lifecycle } from '../lifecycle.ts'
import type { PackageId } from '../names.ts'
import type { PackageRevision } from '../package-revision.ts'
import type { Grant } from './grant.ts'
import { covers, EVERYTHING, minimal, overlapOf, type Pattern, patternOf, patternText } from './pattern.ts'
import type { Permission } from './permission.ts'

/** Everything, or all that is in any of the patterns. */
export type VisibleSet = 'all' | readonly Pattern[]

/** Drafts are visible in no more packages than what is published. */
export type Visibility = { published: VisibleSet; drafts: VisibleSet }

/** What the server itself sees. */
export const SEES_ALL: Visibility = { published: 'all', drafts: 'all' }

/** Texts from `from` on and before `before`. */
export type NameRange = { from: string; before: string }

export function visibilityOf(grants: readonly Grant[]): Visibility {
  const reading = grants.filter(({ permissions }) => permissions.has('read'))
  return { published: visibleWith(reading, 'read'), drafts: visibleWith(reading, 'draft.read') }
}

function visibleWith(grants: readonly Grant[], permission: Permission): VisibleSet {
  const areas = grants
    .filter(({ permissions }) => permissions.has(permission))
    .map(({ area }) => area)
    .filter((area) => area !== 'server')
  return areas.some((area) => covers(area, EVERYTHING)) ? 'all' : shownInLists(minimal(areas))
}

/** What queries can test in good time. Nothing else bounds it: others can bind roles to a caller. */
const MOST = { names: 1000, others: 100 }

/** Leaves out some of too many patterns, so that lists show less than the caller may read. */
function shownInLists(patterns: readonly Pattern[]): Pattern[] {
  const isName = ({ prefix, path }: Pattern) => !prefix && path === undefined
  const names = patterns.filter(isName).slice(0, MOST.names)
  const ranks = new Map<string, number>()
  const others = patterns
    .filter((pattern) => !isName(pattern))
    .map((pattern) => {
      const of = patternText({ ...pattern, path: undefined })
      const rank = ranks.get(of) ?? 0
      ranks.set(of, rank + 1)
      return { pattern, rank }
    })
    // Those of one repository do not displace those of others.
    .sort((one, other) => one.rank - other.rank)
    .slice(0, MOST.others)
  const kept = new Set([...names, ...others.map(({ pattern }) => pattern)])
  return patterns.filter((pattern) => kept.has(pattern))
}

export function seesAll({ published, drafts }: Visibility): boolean {
  return published === 'all' && drafts === 'all'
}

/** Whether drafts are visible wherever what is published is. */
export function seesDraftsToo({ published, drafts }: Visibility): boolean {
  return visibilityKey({ published, drafts }) === visibilityKey({ published, drafts: published })
}

/** Whether a package is visible; without one, whether all of a repository is. */
export function sees(set: VisibleSet, target: { repository: string; package?: string }): boolean {
  return set === 'all' || set.some((pattern) => covers(pattern, patternOf(target)))
}

/** Whether a revision is visible: a draft only with its own permission. */
export function seesRevision(
  { published, drafts }: Visibility,
  revision: PackageId & { lifecycle: Lifecycle },
): boolean {
  return sees(isPublished(revision.lifecycle) ? published : drafts, revision)
}

/** The highest revision of a revision's upstream, if the caller may know of it. */
export function latestUpstream(
  { published }: Visibility,
  { upstream, upstreamLatest }: Pick<PackageRevision, 'upstream' | 'upstreamLatest'>,
): number | null {
  return upstream && sees(published, upstream) ? upstreamLatest : null
}

/** The part of a set that is in a repository. */
export function within(set: VisibleSet, repository: string): readonly Pattern[] {
  const whole = patternOf({ repository })
  if (set === 'all') return [whole]
  return minimal(set.map((pattern) => overlapOf(pattern, whole)).filter((pattern) => pattern !== undefined))
}

/** A text that is equal for equal visibilities. */
export function visibilityKey({ published, drafts }: Visibility): string {
  return [published, drafts].map((set) => (set === 'all' ? '*' : set.map(patternText).join(','))).join(';')
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
