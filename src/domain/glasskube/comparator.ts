/**
 * One comparator of a version range, such as `>= 1.2`, with the meaning that it has in Masterminds/semver 3.3.1. That
 * differs from npm's: `<=1.1` accepts 1.1.1, `~0.0.0` accepts all releases, and `^*` accepts 0.0.0 alone.
 */
import { comparePrecedence, type LooseVersion, parseLooseVersion } from './loose-version.ts'

export type Comparator = {
  /** As written, without spaces. */
  text: string
  operator: Operator
  /** With 0 for the parts that are missing or wildcards. */
  version: LooseVersion
  /** The first part that is missing or a wildcard. */
  open?: 'major' | 'minor' | 'patch'
}

type Operator = keyof typeof TESTS

const TESTS = {
  '': equals,
  '=': equals,
  '!=': differs,
  '>': isAbove,
  '<': isBelow,
  '>=': isAtLeast,
  '=>': isAtLeast,
  '<=': isAtMost,
  '=<': isAtMost,
  '~': isNear,
  '~>': isNear,
  '^': isCompatible,
}

// The bar in the classes is a slip of Masterminds/semver that its versions then refuse, except behind a wildcard.
const PART = '[0-9|xX*]+'
const IDENTIFIERS = '[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*'
/** Matches a version of a comparator: parts, and the prerelease with its hyphen, are the four groups. */
export const OPEN_VERSION = `v?(${PART})(?:\\.(${PART}))?(?:\\.(${PART}))?(-${IDENTIFIERS})?(?:\\+${IDENTIFIERS})?`
const WHOLE = new RegExp(`^${OPEN_VERSION}$`)

export function parseComparator(operator: string, text: string): Comparator | undefined {
  const match = WHOLE.exec(text)
  if (!match || !isOperator(operator)) return undefined
  const [, major = '', minor, patch, prerelease = ''] = match
  const open = isOpen(major) ? 'major' : isOpen(minor) ? 'minor' : isOpen(patch) ? 'patch' : undefined
  const filled = {
    major: `0.0.0${prerelease}`,
    minor: `${major}.0.0${prerelease}`,
    patch: `${major}.${minor}.0${prerelease}`,
  }
  const version = parseLooseVersion(open ? filled[open] : text)
  return version && { text: operator + text, operator, version, ...(open && { open }) }
}

function isOperator(text: string): text is Operator {
  return Object.hasOwn(TESTS, text)
}

function isOpen(part: string | undefined): boolean {
  return part === undefined || part === 'x' || part === 'X' || part === '*'
}

/** Reports whether `Validate` accepts the version, which takes a prerelease only where the comparator names one. */
export function meets(version: LooseVersion, comparator: Comparator): boolean {
  if (version.prerelease && !comparator.version.prerelease) return false
  return TESTS[comparator.operator](version, comparator)
}

function equals(version: LooseVersion, comparator: Comparator): boolean {
  return comparator.open ? isNear(version, comparator) : comparePrecedence(version, comparator.version) === 0
}

function differs(version: LooseVersion, { version: other, open }: Comparator): boolean {
  if (open === 'minor') return version.major !== other.major
  if (open === 'patch') {
    const sameMinor = version.major === other.major && version.minor === other.minor
    return !sameMinor || version.prerelease !== other.prerelease
  }
  return comparePrecedence(version, other) !== 0
}

function isAbove(version: LooseVersion, { version: other, open }: Comparator): boolean {
  if (open === 'minor') return version.major > other.major
  if (open === 'patch') {
    return version.major > other.major || (version.major === other.major && version.minor > other.minor)
  }
  return comparePrecedence(version, other) > 0
}

function isBelow(version: LooseVersion, { version: other }: Comparator): boolean {
  return comparePrecedence(version, other) < 0
}

function isAtLeast(version: LooseVersion, { version: other }: Comparator): boolean {
  return comparePrecedence(version, other) >= 0
}

function isAtMost(version: LooseVersion, { version: other, open }: Comparator): boolean {
  if (!open) return comparePrecedence(version, other) <= 0
  return (
    version.major < other.major ||
    (version.major === other.major && (open === 'minor' || version.minor <= other.minor))
  )
}

function isNear(version: LooseVersion, { version: other, open }: Comparator): boolean {
  if (comparePrecedence(version, other) < 0) return false
  const zero = other.major === 0n && other.minor === 0n && other.patch === 0n
  if (zero && open !== 'minor' && open !== 'patch') return true
  return version.major === other.major && (version.minor === other.minor || open === 'minor')
}

function isCompatible(version: LooseVersion, { version: other, open }: Comparator): boolean {
  if (comparePrecedence(version, other) < 0 || version.major !== other.major) return false
  if (other.major > 0n || open === 'minor') return true
  if (version.minor !== other.minor) return false
  return other.minor > 0n || open === 'patch' || version.patch === other.patch
}
