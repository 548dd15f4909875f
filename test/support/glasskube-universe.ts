/** What repositories publish, for tests of resolutions. */
import type {
  PackageVersion,
  RepositoryPackage,
  Universe,
} from '../../src/domain/glasskube/resolution/problem.ts'

/** Manifests by version; what is left out is empty. */
export type Manifests = Record<string, Partial<Omit<PackageVersion, 'version'>>>

export function published(
  repository: string,
  manifests: Manifests,
  latestVersion?: string,
): RepositoryPackage {
  const versions = Object.entries(manifests).map(([version, parts]) => ({
    version,
    dependencies: [],
    components: [],
    scope: 'Cluster' as const,
    defaultNamespace: '',
    ...parts,
  }))
  return { repository, versions, latestVersion }
}

/** Packages of one repository by name, or of several. */
export function universe(packages: Record<string, Manifests | RepositoryPackage[]>): Universe {
  return {
    lookup(name) {
      const found = Object.hasOwn(packages, name) ? packages[name] : undefined
      if (!found) return []
      return Array.isArray(found) ? found : [published('main', found)]
    },
  }
}
