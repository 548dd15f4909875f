/** A repository in the format of Glasskube that others have made: in a folder, or on a web server. */
import { AppError } from '../../core/errors.ts'
import type { IndexedPackage } from '../../domain/glasskube/index-files.ts'
import type { ManifestFiles } from '../../domain/glasskube/manifest-files.ts'
import type { PackageFiles } from '../../domain/package-files.ts'
import type { ResourceLimits } from '../../domain/resources.ts'

/** Something unusual about a place in a tree, or missing there. */
export type TreeNote = { path: string; note: string }

export type TreePackages = { packages: IndexedPackage[]; notes: TreeNote[] }

export type TreePackage = {
  /** As versions.yaml has it. */
  latestVersion: string | undefined
  /** The folders of the versions that versions.yaml lists, without those that cannot be paths. */
  folders: string[]
  notes: TreeNote[]
}

export type TreeFiles = PackageFiles & { notes: TreeNote[] }

/** The place of a tree does not answer now, or fails. */
export class TreeUnavailableError extends AppError {
  constructor(message: string, options?: { cause: unknown }) {
    super('unavailable', message, options)
  }
}

/** Each function may throw a `TreeUnavailableError`. */
export type ForeignTree = {
  /** Reads index.yaml. Throws `invalid` where it is unreadable. */
  packages(): Promise<TreePackages>
  /** Reads versions.yaml. `name` is a label. */
  versions(name: string): Promise<TreePackage>
  /** Reads a version; undefined where it is missing. `folder` is a version with or without "v". */
  files(name: string, folder: string, limits: ResourceLimits): Promise<TreeFiles | undefined>
}

/** More of them mostly have one cause. */
const NOTES = 20

/** The first references of a package.yaml that lead to no file of its version. `folder`: that of the version. */
export function referenceNotes(
  folder: string,
  { paths, outside }: ManifestFiles,
  resources: PackageFiles['resources'],
): TreeNote[] {
  return [
    ...paths.filter((path) => !resources.has(path)).map((path) => `its manifest ${path} is missing`),
    ...outside.map((url) => `its manifest ${url} is outside of the version, and left out`),
  ]
    .slice(0, NOTES)
    .map((note) => ({ path: folder, note }))
}
