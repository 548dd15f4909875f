/** The question that a resolution answers, and its answer; the same for both modes. */

/** A package that another needs: one for the whole cluster, shared by all that depend on it. */
export type Dependency = {
  name: string
  /** A range; without it, any version will do. */
  version?: string | undefined
}

/** A package that another brings along: an instance of its own, named `<parent>-<installedName or name>`. */
export type Component = Dependency & { installedName?: string | undefined }

export type PackageScope = 'Cluster' | 'Namespaced'

/** The parts of a published `package.yaml` that a resolution reads. */
export type PackageVersion = {
  version: string
  dependencies: readonly Dependency[]
  components: readonly Component[]
  /** `Cluster` where the manifest leaves it out. */
  scope: PackageScope
  /** Where the components of a package for the whole cluster go. */
  defaultNamespace: string
  deprecated?: boolean | undefined
}

/** A package as one repository publishes it, with its versions in any order. */
export type RepositoryPackage = {
  repository: string
  versions: readonly PackageVersion[]
  /** The latest version by the repository itself; the highest release if left out. */
  latestVersion?: string | undefined
}

/** All that is published, read by name when a resolution comes across it. */
export type Universe = {
  /** The repositories that have a package of this name, the one of highest priority first; none if it is unknown. */
  lookup(name: string): readonly RepositoryPackage[]
}

/**
 * Which package is meant in the cluster. Without a namespace it is the one for the whole cluster; with one, `instance`
 * tells apart several of the same name, and is that name if left out.
 */
export type PackageRef = { name: string; namespace?: string | undefined; instance?: string | undefined }

/**
 * A package to install, or to move if it is installed: to this version, else to the best one that fits. The joint mode
 * also takes a range.
 */
export type InstallRequest = PackageRef & { version?: string | undefined }

export type InstalledPackage = PackageRef & {
  version: string
  /** Installed for the sake of others only: goes when none of them is left. */
  asDependency?: boolean | undefined
}

export type ResolutionProblem = {
  universe: Universe
  install: readonly InstallRequest[]
  /** With all dependencies: what is not in this list counts as missing. */
  installed: readonly InstalledPackage[]
}

/** A package with the version that it has, or gets. */
export type Selection = PackageRef & { version: string }

/** A package to install that was not asked for; transitive if only such packages need it. */
export type Requirement = Selection & { transitive: boolean }

/** An installed package that moves to another version. */
export type VersionChange = PackageRef & { from: string; to: string }

/** A demand that cannot be met. */
export type ResolutionConflict = PackageRef & {
  /** The version that is installed or asked for, if any. */
  actual?: string | undefined
  /** The range that it would have to be in. */
  required?: string | undefined
  /** The package that demands it. */
  by?: string | undefined
}

export type Resolution = {
  /** `RESOLVABLE` if more has to be done than what was asked for. */
  status: 'OK' | 'RESOLVABLE' | 'CONFLICT'
  /** The requested packages, with the versions chosen; empty in a conflict. */
  install: Selection[]
  requirements: Requirement[]
  changes: VersionChange[]
  conflicts: ResolutionConflict[]
  /** Installed packages that are no longer needed. */
  pruned: Selection[]
  /** Says in plain sentences why packages move, or why there is no solution; empty if there is nothing to explain. */
  explanation: string
}

export function noSolution(conflicts: ResolutionConflict[], explanation: string): Resolution {
  const nothing = { install: [], requirements: [], changes: [], pruned: [] }
  return { status: 'CONFLICT', ...nothing, conflicts, explanation }
}
