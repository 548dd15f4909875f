/** Versions among the tags of artifacts from another registry. */
import { compareVersions, parseVersion, VERSION_RULE, type Version } from './version.ts'

export type VersionTag = { tag: string; version: Version }

/** A tag for a version that no package here can declare, and the reason. */
export type UnfitTag = { tag: string; problem: string }

/**
 * A version as Flux reads it: three numbers, which may have leading zeros as in dates, with or without "v". As in Helm
 * charts, "_" stands for "+", which tags cannot contain.
 */
const TAG = /^v?([0-9]{1,15})\.([0-9]{1,15})\.([0-9]{1,15})(-[0-9A-Za-z.-]+)?(?:_([0-9A-Za-z.-]+))?$/

/** Reports whether a tag has the form of a version. */
export function isVersionTag(tag: string): boolean {
  return TAG.test(tag)
}

/**
 * Returns the tags that are versions, sorted by version, of several tags for one version the shortest first, and the tags
 * whose version cannot be used.
 */
export function versionTags(
  tags: readonly string[],
  { prereleases }: { prereleases: boolean },
): { versions: VersionTag[]; unfit: UnfitTag[] } {
  const versions: VersionTag[] = []
  const unfit: UnfitTag[] = []
  for (const tag of tags) {
    const text = versionOf(tag)
    if (text === undefined || (!prereleases && isPrerelease(text))) continue
    const version = parseVersion(text)
    if (version) versions.push({ tag, version })
    else unfit.push({ tag, problem: `the tag stands for the version ${text}, but a version ${VERSION_RULE}` })
  }
  versions.sort((a, b) => compareVersions(a.version, b.version) || compareTags(a.tag, b.tag))
  return { versions, unfit }
}

/** By length, then in ASCII order: `2.0.0` is before `v2.0.0` and `2.00.0`. */
function compareTags(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : 1)
}

function isPrerelease(text: string): boolean {
  return text.replace(/\+.*/, '').includes('-')
}

function versionOf(tag: string): string | undefined {
  const [matched, major, minor, patch, prerelease = '', build] = TAG.exec(tag) ?? []
  if (matched === undefined) return undefined
  const numbers = [major, minor, patch].map((digits) => digits?.replace(/^0+(?=[0-9])/, '')).join('.')
  return numbers + prerelease + (build === undefined ? '' : `+${build}`)
}

/** Returns the workspace of an imported version: `v1-17-0-2` for `1.17.0+2`. Several versions may have the same one. */
export function workspaceOf(version: string): string {
  return `v${version.toLowerCase().replace(/[^a-z0-9]+/g, '-')}`.slice(0, 55).replace(/-+$/, '')
}
