/** A package's own version: semver 2.0.0 whose build metadata, if any, is one number (`1.17.0+2`). */
import semver from 'semver'

export type Version = {
  text: string
  /** The version without its build number: `1.17.0`. */
  base: string
  /** 0 if the version has none. */
  build: number
}

const MAX_LENGTH = 100
const BUILD = /^(?:0|[1-9][0-9]{0,14})$/

/** Parses a version without leading "v" or "=" and without spaces; undefined for any other text. */
export function parseVersion(text: string): Version | undefined {
  if (text.length > MAX_LENGTH) return undefined
  const parsed = semver.parse(text)
  if (!parsed) return undefined
  const build = parsed.build.join('.')
  // The library accepts a leading "v" and surrounding spaces.
  if (text !== parsed.version + (build && `+${build}`) || (build && !BUILD.test(build))) return undefined
  return { text, base: parsed.version, build: Number(build) }
}

export const VERSION_RULE =
  'must be a semantic version without a leading "v", its build metadata a single number without leading zeros: 1.17.0, 1.17.0-rc.1 or 1.17.0+2'

/**
 * Reports whether two versions cannot exist in one package. `1.0.0` beside `1.0.0+1` is refused: the tag v1.0.0 would
 * have to stay and to follow the highest build.
 */
export function versionsClash(a: Version, b: Version): boolean {
  if (a.text === b.text) return true
  return a.base === b.base && (!a.text.includes('+') || !b.text.includes('+'))
}

/** Compares by semver, then by build number; negative if `a` comes first. */
export function compareVersions(a: Version, b: Version): number {
  return semver.compare(a.base, b.base) || a.build - b.build
}
