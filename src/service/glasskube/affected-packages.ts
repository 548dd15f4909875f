import type { ManifestLinks } from '../../domain/glasskube/manifest-links.ts'
import type { Caller } from '../access/policy.ts'
import type { PublishedPackage, PublishedRepository } from '../published-repositories.ts'
import { partsOf } from './known-packages.ts'
import { seesPackage } from './repositories.ts'

/**
 * The packages that can meet a version in a resolution, as latest versions: what the version needs, what needs the same or
 * the version itself, and what needs those. Of packages of the same name only the first is found.
 */
export function affectedPackages(
  repositories: readonly PublishedRepository[],
  caller: Caller,
  name: string,
  manifest: ManifestLinks,
): PublishedPackage[] {
  const latest = latestByName(repositories, caller)
  const manifestOf = (each: string): ManifestLinks | undefined => latest.get(each)?.latest.manifest
  const needed = reachableFrom([name], (each) => neededBy(each === name ? manifest : manifestOf(each)))
  const users = new Map<string, string[]>()
  for (const user of latest.values()) {
    for (const each of neededBy(user.latest.manifest)) {
      const of = users.get(each)
      if (of) of.push(user.name)
      else users.set(each, [user.name])
    }
  }
  const affected = reachableFrom(needed, (each) => users.get(each) ?? [])
  affected.delete(name)
  return [...affected].flatMap((each) => latest.get(each) ?? [])
}

function latestByName(
  repositories: readonly PublishedRepository[],
  caller: Caller,
): Map<string, PublishedPackage> {
  const found = new Map<string, PublishedPackage>()
  for (const { name: repository, packages } of repositories) {
    for (const each of packages.values()) {
      if (!found.has(each.name) && seesPackage(caller, repository, each.name)) found.set(each.name, each)
    }
  }
  return found
}

function neededBy(manifest: ManifestLinks | undefined): string[] {
  return manifest ? partsOf(manifest).map(({ name }) => name) : []
}

function reachableFrom(names: Iterable<string>, next: (name: string) => readonly string[]): Set<string> {
  // A set can grow while it is walked.
  const reached = new Set(names)
  for (const name of reached) for (const each of next(name)) reached.add(each)
  return reached
}
