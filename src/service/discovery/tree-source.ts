import { AppError } from '../../core/errors.ts'
import { isStable } from '../../domain/glasskube/listing.ts'
import { treeVersions } from '../../domain/glasskube/tree-versions.ts'
import type { RepositorySource } from '../../domain/repository-source.ts'
import type { ResourceLimits } from '../../domain/resources.ts'
import { filesDigest } from '../glasskube-source/files-digest.ts'
import type { ForeignTree } from '../glasskube-source/foreign-tree.ts'
import type { PackageSource } from './package-source.ts'
import { faultOfArtifact } from './source-registry.ts'

export type TreeSourceOptions = {
  source: RepositorySource
  limits: ResourceLimits
  /** Runs work that takes much memory, a few at a time. */
  limited: <T>(work: () => Promise<T>) => Promise<T>
}

/** The versions in a tree in the format of Glasskube. Their folders stand for tags, and their digests are those of all files. */
export function treeSource(tree: ForeignTree, { source, limits, limited }: TreeSourceOptions): PackageSource {
  const read: PackageSource['read'] = async (name, tag, known) => {
    try {
      const files = await tree.files(name, tag, limits)
      const digest = filesDigest(files)
      if (digest === known) return undefined
      if (!files) return { digest, fault: 'versions.yaml lists it, but its package.yaml is missing' }
      return { digest, files, annotations: {} }
    } catch (error) {
      const fault = faultOfArtifact(error)
      if (fault === undefined) throw error
      // An artifact without a digest is not read again by the next sync.
      return { digest: isTooLarge(error) ? null : filesDigest(undefined), fault }
    }
  }
  return {
    packages: async () => {
      const { packages } = await tree.packages()
      return [...new Set(packages.map(({ name }) => name))]
    },
    versions: async (name) => {
      const { latestVersion, folders } = await tree.versions(name)
      const { versions, unfit } = treeVersions(folders)
      const wanted = versions.filter(({ version }) => source.prereleases || isStable(version))
      return { versions: wanted, unfit, latest: latestVersion }
    },
    digest: async (name, tag) => {
      const found = await limited(() => read(name, tag, undefined))
      return found && 'files' in found ? found.digest : undefined
    },
    read,
  }
}

/** Reading it takes long, while a page in place of a file may be of a server that is out of order. */
function isTooLarge(error: unknown): boolean {
  return error instanceof AppError && error.code === 'too_large'
}
