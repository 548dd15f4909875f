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
  /** Packages that can be installed beside the version before, and not beside the new one. */
  broken: { name: string; version: string; explanation: string }[]
  /** Packages for which that could not be found out. */
  undecided: string[]
}

/** Steps for each try: enough for hundreds of packages that depend on each other. */
const TRIAL_STEPS = 200_000

export function impact({ packages, added, before, others }: Trial): Impact {
  const universe = universeOf(packages)
  const failureOf = (install: InstallRequest[], steps?: number) => {
    const { status, explanation } = resolveJointly({ universe, install, installed: [] }, steps)
    return status === 'CONFLICT' ? explanation : null
  }
  const alone = inSteps(() => failureOf([added], TRIAL_STEPS))
  if (alone === undefined) {
    const unresolvable = failureOf([added])
    // Beside another package it takes no fewer steps.
    const undecided = unresolvable === null ? others.map(({ name }) => name) : []
    return { unresolvable, broken: [], undecided }
  }
  const result: Impact = { unresolvable: alone, broken: [], undecided: [] }
  if (alone !== null) return result
  const beside = before === null ? [] : [{ name: added.name, version: before }]
  for (const other of others) {
    const broken = inSteps(() => {
      const explanation = failureOf([added, other], TRIAL_STEPS)
      return explanation !== null && failureOf([...beside, other], TRIAL_STEPS) === null ? explanation : null
    })
    if (broken === undefined) result.undecided.push(other.name)
    else if (broken !== null) result.broken.push({ ...other, explanation: broken })
  }
  return result
}

/** undefined where no answer is found in the steps that there are. */
function inSteps<Answer>(answer: () => Answer): Answer | undefined {
  try {
    return answer()
  } catch (error) {
    if (error instanceof AppError && error.code === 'too_large') return undefined
    throw error
  }
}
