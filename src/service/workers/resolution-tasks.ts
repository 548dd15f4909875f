/** Resolutions of Glasskube packages: with many versions and ranges they may take seconds. */
import { AppError } from '../../core/errors.ts'
import { resolveCompatibly } from '../../domain/glasskube/resolution/compatible.ts'
import { resolveJointly } from '../../domain/glasskube/resolution/joint.ts'
import type {
  InstallRequest,
  RepositoryPackage,
  Resolution,
  ResolutionProblem,
  Universe,
} from '../../domain/glasskube/resolution/problem.ts'

export const RESOLUTION_MODES = ['compatible', 'joint'] as const
/** `compatible` answers as Glasskube does; `joint` solves for all packages at once, and may move what is installed. */
export type ResolutionMode = (typeof RESOLUTION_MODES)[number]

export type PackedPackage = Omit<RepositoryPackage, 'repository'>

/** `packed`: a `PackedPackage` as JSON, which is copied to a worker much faster than its parts. */
export type KnownPackage = { repository: string; packed: string }

/** `packages`: by name, those of the repository with the highest priority first. */
type Known = { packages: ReadonlyMap<string, readonly KnownPackage[]> }

/** Throws `too_large`. */
export function resolve({
  mode,
  packages,
  ...problem
}: Known & { mode: ResolutionMode } & Omit<ResolutionProblem, 'universe'>): Resolution {
  const solve = mode === 'joint' ? resolveJointly : resolveCompatibly
  return solve({ ...problem, universe: universeOf(packages) })
}

function universeOf(packages: Known['packages']): Universe {
  const read = new Map<string, RepositoryPackage[]>()
  const unpacked = ({ repository, packed }: KnownPackage): RepositoryPackage => {
    return { repository, ...(JSON.parse(packed) as PackedPackage) }
  }
  return {
    lookup: (name) => {
      const found = read.get(name) ?? (packages.get(name) ?? []).map(unpacked)
      read.set(name, found)
      return found
    },
  }
}

/** The packages that a new version is tried with, each in its latest version. */
type Trial = Known & {
  added: Required<Pick<InstallRequest, 'name' | 'version'>>
  /** The version that clients install before; null if there is none. */
  before: string | null
  others: readonly Required<Pick<InstallRequest, 'name' | 'version'>>[]
}

export type Impact = {
  /** Why the new version cannot be installed, not even alone. */
  unresolvable: string | null
  /** What can be installed beside the version before, and not beside the new one. */
  broken: { name: string; version: string; explanation: string }[]
  /** Packages for which that could not be found out. */
  undecided: string[]
}

/** Steps for each try: enough for hundreds of packages that depend on each other. */
const TRIAL_STEPS = 200_000

export function impact({ packages, added, before, others }: Trial): Impact {
  const universe = universeOf(packages)
  const failureOf = (...install: InstallRequest[]) => {
    const { status, explanation } = resolveJointly({ universe, install, installed: [] }, TRIAL_STEPS)
    return status === 'CONFLICT' ? explanation : undefined
  }
  const result: Impact = { unresolvable: failureOf(added) ?? null, broken: [], undecided: [] }
  if (result.unresolvable !== null) return result
  const beside = before === null ? [] : [{ name: added.name, version: before }]
  for (const other of others) {
    try {
      const explanation = failureOf(added, other)
      if (explanation === undefined || failureOf(...beside, other) !== undefined) continue
      result.broken.push({ ...other, explanation })
    } catch (error) {
      if (!(error instanceof AppError && error.code === 'too_large')) throw error
      result.undecided.push(other.name)
    }
  }
  return result
}
