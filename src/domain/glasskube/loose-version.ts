/** Versions as Glasskube's clients read them: by `NewVersion` of Masterminds/semver 3.3.1, which takes `v1` and `1.2`. */

export type LooseVersion = {
  /** As written. */
  text: string
  major: bigint
  minor: bigint
  patch: bigint
  /** Without the hyphen; empty for a release. */
  prerelease: string
  /** Without the plus; Glasskube orders it as a build number. */
  metadata: string
}

const MAX_LENGTH = 256

const NUMBER = '(?:0|[1-9][0-9]*)'
const PRERELEASE_PART = `(?:${NUMBER}|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*)`
const VERSION = new RegExp(
  `^v?(${NUMBER})(?:\\.(${NUMBER}))?(?:\\.(${NUMBER}))?` +
    `(?:-(${PRERELEASE_PART}(?:\\.${PRERELEASE_PART})*))?` +
    '(?:\\+([0-9a-zA-Z-]+(?:\\.[0-9a-zA-Z-]+)*))?$',
)

export function parseLooseVersion(text: string): LooseVersion | undefined {
  const match = text.length <= MAX_LENGTH && VERSION.exec(text)
  if (!match) return undefined
  const [, ...parts] = match
  const [major, minor, patch] = parts.slice(0, 3).map((digits) => uint64(digits ?? '0'))
  if (major === undefined || minor === undefined || patch === undefined) return undefined
  return { text, major, minor, patch, prerelease: parts[3] ?? '', metadata: parts[4] ?? '' }
}

/** Compares by the precedence of semver, which ignores metadata; negative if `a` comes first. */
export function comparePrecedence(a: LooseVersion, b: LooseVersion): number {
  return (
    ascending(a.major, b.major) ||
    ascending(a.minor, b.minor) ||
    ascending(a.patch, b.patch) ||
    comparePrereleases(a.prerelease, b.prerelease)
  )
}

function comparePrereleases(a: string, b: string): number {
  if (a === b) return 0
  if (!a || !b) return a ? -1 : 1
  const left = a.split('.')
  const right = b.split('.')
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const order = compareParts(left[i] ?? '', right[i] ?? '')
    if (order) return order
  }
  return left.length - right.length
}

/** Numbers come before words. A number above 64 bits is a word to Masterminds/semver. */
function compareParts(a: string, b: string): number {
  const left = uint64(a)
  const right = uint64(b)
  if (left === undefined && right === undefined) return ascending(a, b)
  if (left === undefined || right === undefined) return left === undefined ? 1 : -1
  return ascending(left, right)
}

function uint64(text: string): bigint | undefined {
  if (!/^[0-9]+$/.test(text)) return undefined
  const value = BigInt(text)
  return value < 1n << 64n ? value : undefined
}

export function ascending<T extends bigint | string>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0
}
