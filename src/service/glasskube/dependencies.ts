/** The dependencies of a published version. */
import { latestOf } from '../../domain/glasskube/listing.ts'
import { parseLooseVersion } from '../../domain/glasskube/loose-version.ts'
import type { ManifestLinks } from '../../domain/glasskube/manifest-links.ts'
import { parseRange, rangeMatches } from '../../domain/glasskube/range.ts'
import type { PackageId } from '../../domain/names.ts'
import type { Caller } from '../access/policy.ts'
import type { ServiceContext } from '../context.ts'
import type { PublishedPackage } from '../published-repositories.ts'
import { publishedPackage, publishedVersion, repositoriesFrom, repositoryWith } from './repositories.ts'

/** `required`: a range; null for any version. */
type Needed = { name: string; required: string | null }

export type ResolvedPart = Needed & {
  /** Where it would be found: the first repository that has it; null if none has. */
  repository: string | null
  /** The highest published version in the range; null if there is none. */
  satisfiedBy: string | null
}

export type Dependencies = {
  version: string
  dependencies: ResolvedPart[]
  components: (ResolvedPart & { installedName: string | null })[]
}

/** Throws `not_found`, and `conflict` for a package of another format. */
export async function dependenciesOf(
  ctx: ServiceContext,
  caller: Caller,
  id: PackageId,
  version: string | undefined,
): Promise<Dependencies> {
  const repositories = await repositoriesFrom(ctx, id.repository)
  const { parsed, manifest } = publishedVersion(publishedPackage(repositories[0], id), version)
  const resolved = ({ name, version: range }: ManifestLinks['dependencies'][number]): ResolvedPart => {
    const from = repositoryWith(repositories, caller, name)
    return {
      name,
      required: range ?? null,
      repository: from?.name ?? null,
      satisfiedBy: highestIn(range, from?.packages.get(name)),
    }
  }
  return {
    version: parsed.text,
    dependencies: (manifest?.dependencies ?? []).map(resolved),
    components: (manifest?.components ?? []).map((component) => ({
      ...resolved(component),
      installedName: component.installedName ?? null,
    })),
  }
}

function highestIn(range: string | undefined, found: PublishedPackage | undefined): string | null {
  if (!found) return null
  if (range === undefined) return latestOf(found.versions, null)?.parsed.text ?? null
  const parsed = parseRange(range)
  if ('problem' in parsed) return null
  const fitting = found.versions.findLast(({ parsed: { text } }) => {
    const version = parseLooseVersion(text)
    return version !== undefined && rangeMatches(parsed, version)
  })
  return fitting?.parsed.text ?? null
}
