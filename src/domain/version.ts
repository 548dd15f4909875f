/** A package's own version: semver 2.0.0 whose build metadata, if any, is one number (`1.17.0+2`). */
import semver from 'semver'

export type Version = {
  text: string
  /** The version without its build number: `1.17.0`. */
  base: string
  /** 0 where the version has none. */
  build: number
}

const MAX_LENGTH = 100
const BUILD = /^(?:0|[1-9][0-9]{0,14})$/

/** The version, or undefined where the text is none. No leading "v", no "=", no blanks. */
export function parseVersion(text: string): Version | undefined {
  if (text.length > MAX_LENGTH) return undefined
  const parsed = semver.parse(text)
  if (!parsed) return undefined
  const build = parsed.build.join('.')
  // The library overlooks a "v" and blanks around.
  if (text !== parsed.version + (build && `+${build}`) || (build && !BUILD.test(build))) return undefined
  return { text, base: parsed.version, build: Number(build) }
}

export const VERSION_RULE =
  'must be a semantic version without a leading "v", its build metadata a single number without leading zeros: 1.17.0, 1.17.0-rc.1 or 1.17.0+2'

/**
 * Whether two versions of one package cannot both exist. `1.17.0` and `1.17.0+2` cannot: the tag v1.17.0 would
 * have to stay on the first for ever and follow the second.
 */
export function versionsClash(a: Version, b: Version): boolean {
  if (a.text === b.text) return true
  return a.base === b.base && (!a.text.includes('+') || !b.text.includes('+'))
}

/** Negative where `a` comes before `b`: by semver, and then by the number of the build. */
export function compareVersions(a: Version, b: Version): number {
  return semver.compare(a.base, b.base) || a.build - b.build
}
