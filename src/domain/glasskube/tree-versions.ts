/** The versions in a tree that others have written, each of which is a folder. */
import { compareVersions, parseVersion, VERSION_RULE, type Version } from '../version.ts'
import type { UnfitTag, VersionTag } from '../version-tag.ts'
import { latestOf, serverVersion } from './listing.ts'

/** A folder whose version is taken although it is unusual, and in what way. */
export type UnusualVersion = { tag: string; note: string }

export type TreeVersions = { versions: VersionTag[]; unfit: UnfitTag[]; unusual: UnusualVersion[] }

/** Returns the folders that are versions, oldest first, and those that are not. */
export function treeVersions(folders: readonly string[]): TreeVersions {
  const found = new Map<string, VersionTag>()
  const unfit: UnfitTag[] = []
  // The usual name of several for one version comes first.
  const once = [...new Set(folders)]
  for (const folder of once.sort((a, b) => Number(b.startsWith('v')) - Number(a.startsWith('v')))) {
    const version = parseVersion(serverVersion(folder))
    const same = version && found.get(version.text)
    if (!version) unfit.push({ tag: folder, problem: `it is no version, which ${VERSION_RULE}` })
    else if (same) unfit.push({ tag: folder, problem: `${same.tag} is the same version` })
    else found.set(version.text, { tag: folder, version })
  }
  const versions = [...found.values()].sort((a, b) => compareVersions(a.version, b.version))
  return { versions, unfit, unusual: versions.flatMap(unusual) }
}

function unusual({ tag, version }: VersionTag): UnusualVersion[] {
  const notes: string[] = []
  if (!tag.startsWith('v')) notes.push(`it has no leading "v", and is served as v${version.text}`)
  if (!version.text.includes('+')) notes.push('it has no build number')
  else if (version.build === 0) notes.push('its build number is 0')
  return notes.map((note) => ({ tag, note }))
}

/**
 * Returns the version that must be held back so that clients see the same latest version as in the tree: null if they do so
 * anyway, undefined if it is not among the versions.
 */
export function versionToHold(versions: readonly Version[], latest: string): string | null | undefined {
  const text = serverVersion(latest)
  if (!versions.some((version) => version.text === text)) return undefined
  const ascending = versions.toSorted(compareVersions).map((parsed) => ({ parsed }))
  return latestOf(ascending, null)?.parsed.text === text ? null : text
}
