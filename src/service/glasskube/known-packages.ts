import type { ManifestLinks } from '../../domain/glasskube/manifest-links.ts'
import type { PackageVersion } from '../../domain/glasskube/resolution/problem.ts'
import type { Caller } from '../access/policy.ts'
import type { PublishedPackage, PublishedRepository, PublishedVersion } from '../published-repositories.ts'
import type { KnownPackage, PackedPackage } from '../workers/resolution-tasks.ts'
import { seesPackage } from './repositories.ts'

/**
 * Collects what a resolution of these packages may come across: their versions, and those of all that they may need. The
 * first repositories have the highest priority.
 */
export function knownPackages(
  repositories: readonly PublishedRepository[],
  caller: Caller,
  names: Iterable<string>,
): Map<string, KnownPackage[]> {
  const known = new Map<string, KnownPackage[]>()
  // A set can grow while it is walked.
  const wanted = new Set(names)
  for (const name of wanted) {
    for (const { name: repository, packages } of repositories) {
      const found = packages.get(name)
      if (!found || !seesPackage(caller, repository, name)) continue
      const { packed, needs } = packedPackage(found)
      known.set(name, [...(known.get(name) ?? []), { repository, packed }])
      for (const need of needs) wanted.add(need)
    }
  }
  return known
}

type Packed = { packed: string; needs: ReadonlySet<string> }

/** Packages are packed once, as thousands of them can be part of each resolution. */
const known = new WeakMap<PublishedPackage, Packed>()

function packedPackage(published: PublishedPackage): Packed {
  const before = known.get(published)
  if (before) return before
  const versions = published.versions.flatMap(asVersion)
  const content: PackedPackage = { versions, latestVersion: published.latest.parsed.text }
  const needs = new Set(versions.flatMap(partsOf).map(({ name }) => name))
  const made = { packed: JSON.stringify(content), needs }
  known.set(published, made)
  return made
}

/** All that a version needs. */
export function partsOf({ dependencies, components }: Pick<ManifestLinks, 'dependencies' | 'components'>) {
  return [...dependencies, ...components]
}

/** None for a version without a readable manifest, which no client can install. */
function asVersion({ parsed, manifest, deprecation }: PublishedVersion): PackageVersion[] {
  if (!manifest) return []
  const { dependencies, components, scope = 'Cluster', defaultNamespace } = manifest
  const deprecated = deprecation !== undefined
  return [{ version: parsed.text, dependencies, components, scope, defaultNamespace, deprecated }]
}
