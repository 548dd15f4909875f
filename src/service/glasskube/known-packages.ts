import type { ManifestLinks } from '../../domain/glasskube/manifest-links.ts'
import type { PackageVersion, RepositoryPackage } from '../../domain/glasskube/resolution/problem.ts'
import type { Caller } from '../access/policy.ts'
import type { PublishedRepository, PublishedVersion } from '../published-repositories.ts'
import { seesPackage } from './repositories.ts'

/**
 * Collects what a resolution of these packages may come across: their versions, and those of all that they may need. The
 * first repositories have the highest priority.
 */
export function knownPackages(
  repositories: readonly PublishedRepository[],
  caller: Caller,
  names: Iterable<string>,
): Map<string, RepositoryPackage[]> {
  const known = new Map<string, RepositoryPackage[]>()
  // A set can grow while it is walked.
  const wanted = new Set(names)
  for (const name of wanted) {
    const found = repositories.flatMap(({ name: repository, packages }) => {
      const found = packages.get(name)
      if (!found || !seesPackage(caller, repository, name)) return []
      const { versions, latest } = found
      return [{ repository, versions: versions.flatMap(asVersion), latestVersion: latest.parsed.text }]
    })
    if (found.length > 0) known.set(name, found)
    for (const { versions } of found)
      for (const version of versions) for (const part of partsOf(version)) wanted.add(part.name)
  }
  return known
}

/** All that a version needs. */
export function partsOf({ dependencies, components }: Pick<ManifestLinks, 'dependencies' | 'components'>) {
  return [...dependencies, ...components]
}

/** None for a version without a readable manifest, which no client can install. */
function asVersion({ parsed, manifest, deprecation }: PublishedVersion): PackageVersion[] {
  return manifest ? [versionOf(parsed.text, manifest, deprecation !== undefined)] : []
}

export function versionOf(version: string, manifest: ManifestLinks, deprecated: boolean): PackageVersion {
  const { dependencies, components, scope = 'Cluster', defaultNamespace } = manifest
  return { version, dependencies, components, scope, defaultNamespace, deprecated }
}
