/** How Glasskube orders versions: by semver, then by the build number that their metadata is. */
import { ascending, comparePrecedence, type LooseVersion, parseLooseVersion } from './loose-version.ts'

/** Reports whether a client offers an update from one version to the other; texts that are no versions only differ. */
export function isUpgradable(installed: string, desired: string): boolean {
  const from = parseLooseVersion(installed)
  const to = parseLooseVersion(desired)
  return from && to ? isNewer(to, from) : installed !== desired
}

/**
 * Reports whether Glasskube takes the version for newer than the other. This is no order: of two versions whose metadata
 * differ and are not both numbers, each is newer than the other.
 */
export function isNewer(version: LooseVersion, than: LooseVersion): boolean {
  const order = comparePrecedence(version, than)
  if (order !== 0) return order > 0
  if (version.metadata === than.metadata || !version.metadata) return false
  const build = int64(version.metadata)
  const other = int64(than.metadata)
  return build === undefined || other === undefined || build > other
}

/** A total order, and Glasskube's where builds are numbers: metadata that is no number comes before numbers. */
export function compareWithBuild(a: LooseVersion, b: LooseVersion): number {
  return (
    comparePrecedence(a, b) ||
    ascending(buildNumber(a), buildNumber(b)) ||
    ascending(a.metadata, b.metadata) ||
    ascending(a.text, b.text)
  )
}

/** Returns the highest release; of prereleases alone, the highest of these. */
export function highestRelease(versions: readonly LooseVersion[]): LooseVersion | undefined {
  const ordered = versions.toSorted(compareWithBuild)
  return ordered.findLast(({ prerelease }) => !prerelease) ?? ordered.at(-1)
}

function buildNumber({ metadata }: LooseVersion): bigint {
  return /^[0-9]+$/.test(metadata) ? BigInt(metadata) : -1n
}

/** The number that Go's Atoi reads. */
function int64(text: string): bigint | undefined {
  if (!/^-?[0-9]+$/.test(text)) return undefined
  const value = BigInt(text)
  return BigInt.asIntN(64, value) === value ? value : undefined
}
