/** Which tags of other people's artifacts are versions. */
import { compareVersions, parseVersion, VERSION_RULE, type Version } from './version.ts'

export type VersionTag = { tag: string; version: Version }

/** A tag that means a version which no package here can declare, and why. */
export type UnfitTag = { tag: string; problem: string }

/**
 * As Flux reads tags: three numbers, which may have zeros in front as dates have them, with or without "v". As in
 * charts, "_" stands for "+", which is no character of tags.
 */
const TAG = /^v?([0-9]{1,15})\.([0-9]{1,15})\.([0-9]{1,15})(-[0-9A-Za-z.-]+)?(?:_([0-9A-Za-z.-]+))?$/

/** The versions among tags in their order, and those that cannot be used. All others are no versions. */
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
  versions.sort((a, b) => compareVersions(a.version, b.version) || (a.tag < b.tag ? -1 : 1))
  return { versions, unfit }
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

/** The workspace of a version that is found elsewhere: `v1-17-0-2` for `1.17.0+2`. Others may come to the same. */
export function workspaceOf(version: string): string {
  return `v${version.toLowerCase().replace(/[^a-z0-9]+/g, '-')}`.slice(0, 55).replace(/-+$/, '')
}
