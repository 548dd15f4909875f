/**
 * Patterns of repositories and packages. Two patterns are either nested or disjoint in each of their two parts, so the
 * overlap of two is a pattern, and queries can use ranges of names.
 */
import { AppError } from '../../core/errors.ts'
import { isLabel, labelProblem, MAX_REVISION_NAME, packageProblem } from '../names.ts'

export type Pattern = {
  /** The name of a repository; with `prefix`, the beginning of names. */
  repository: string
  prefix: boolean
  /** A package, which the pattern covers with all packages below it; undefined for all packages. */
  path: string | undefined
}

export const EVERYTHING: Pattern = { repository: '', prefix: true, path: undefined }

/** Parses `*`, `name` or `prefix*`, with or without `/package/path/**`. Throws `invalid`. */
export function parsePattern(text: string): Pattern {
  const pattern = patternIn(text)
  if (pattern) return pattern
  throw new AppError(
    'invalid',
    `"${text.slice(0, 300)}" is no pattern of repositories: write *, the name of a repository, or the beginning of names and * (team-*); then /nf/upf/** for one package and those below it`,
  )
}

/** Returns undefined for a text that is no pattern. */
export function patternIn(text: string): Pattern | undefined {
  const [, repository = '', star, path] = /^([^*/]*)(\*?)(?:\/(.+)\/\*\*)?$/.exec(text) ?? []
  const prefix = star === '*'
  // The beginning of a label is one if a letter follows.
  const validName = prefix ? isLabel(`${repository}a`) : labelProblem(repository) === undefined
  if (star === undefined || !validName) return undefined
  if (path !== undefined && (path.length > MAX_REVISION_NAME || packageProblem(path) !== undefined))
    return undefined
  return { repository, prefix, path }
}

export function patternText({ repository, prefix, path }: Pattern): string {
  return `${repository}${prefix ? '*' : ''}${path === undefined ? '' : `/${path}/**`}`
}

/** The narrowest pattern that covers a repository, or a package of it. */
export function patternOf(target: { repository: string; package?: string | undefined }): Pattern {
  return { repository: target.repository, prefix: false, path: target.package }
}

/** Whether everything in `inner` is in `outer`. */
export function covers(outer: Pattern, inner: Pattern): boolean {
  return coversRepository(outer, inner) && coversPath(outer.path, inner.path)
}

/** What is in both patterns; undefined if nothing is. */
export function overlapOf(one: Pattern, other: Pattern): Pattern | undefined {
  const repository = coversRepository(one, other) ? other : coversRepository(other, one) ? one : undefined
  const path = coversPath(one.path, other.path) ? other : coversPath(other.path, one.path) ? one : undefined
  return repository && path && { ...repository, path: path.path }
}

/** Removes patterns that others cover, and sorts the rest. */
export function minimal(patterns: readonly Pattern[]): Pattern[] {
  const byText = new Map(patterns.map((pattern) => [patternText(pattern), pattern]))
  const paths = new Map<string, Set<string | undefined>>()
  for (const pattern of byText.values()) {
    const names = namesText(pattern)
    paths.set(names, (paths.get(names) ?? new Set()).add(pattern.path))
  }
  const isCovered = (pattern: Pattern) =>
    widerNames(pattern).some((names) => {
      const known = paths.get(names)
      return known && widerPaths(pattern.path).some((path) => known.has(path))
    }) ||
    widerPaths(pattern.path).some((path) => path !== pattern.path && paths.get(namesText(pattern))?.has(path))
  return [...byText]
    .filter(([, pattern]) => !isCovered(pattern))
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([, pattern]) => pattern)
}

function namesText(pattern: Pattern): string {
  return patternText({ ...pattern, path: undefined })
}

/** The texts of all that covers the names of a pattern, except its own. There are few, even where there are many patterns. */
function widerNames({ repository, prefix }: Pattern): string[] {
  const count = prefix ? repository.length : repository.length + 1
  return Array.from({ length: count }, (_, length) => `${repository.slice(0, length)}*`)
}

/** All paths that cover a path, and itself. */
function widerPaths(path: string | undefined): (string | undefined)[] {
  const labels = path?.split('/') ?? []
  return [undefined, ...labels.map((_, at) => labels.slice(0, at + 1).join('/'))]
}

function coversRepository(outer: Pattern, inner: Pattern): boolean {
  if (outer.prefix) return inner.repository.startsWith(outer.repository)
  return !inner.prefix && inner.repository === outer.repository
}

function coversPath(outer: string | undefined, inner: string | undefined): boolean {
  if (outer === undefined || outer === inner) return true
  return inner?.startsWith(`${outer}/`) ?? false
}
