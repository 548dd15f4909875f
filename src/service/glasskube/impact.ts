/** The impact of a version: what its publication would break. */
import { AppError } from '../../core/errors.ts'
import { findManifest } from '../../database/glasskube/published.ts'
import { latestOf, PLAIN_LISTING } from '../../domain/glasskube/listing.ts'
import type { ManifestLinks } from '../../domain/glasskube/manifest-links.ts'
import { compareVersions, parseVersion } from '../../domain/version.ts'
import type { Caller } from '../access/policy.ts'
import { getRevision } from '../change-revision.ts'
import type { ServiceContext } from '../context.ts'
import type { PublishedPackage, PublishedVersion } from '../published-repositories.ts'
import type { Impact } from '../workers/resolution-tasks.ts'
import { affectedPackages } from './affected-packages.ts'
import { knownPackages } from './known-packages.ts'
import { repositoriesFrom, repositoryWith } from './repositories.ts'

export type VersionImpact = Omit<Impact, 'broken'> & {
  version: string
  /** Whether clients would see it as the latest version. */
  becomesLatest: boolean
  broken: (Impact['broken'][number] & { repository: string })[]
  /** Whether there are more packages that it may affect than were tried. */
  truncated: boolean
}

/** Packages that a version is tried with. */
const MOST = 500

/**
 * Tries the version of a revision together with the latest version of each package that it may affect. Throws `not_found`,
 * `conflict` for a package of another format, and `not_ready` without a version or a readable package.yaml.
 */
export async function impactOf(ctx: ServiceContext, caller: Caller, name: string): Promise<VersionImpact> {
  const revision = await getRevision(ctx.db, name)
  const [own, ...others] = await repositoriesFrom(ctx, revision.repository)
  const added = await versionOf(ctx, revision)
  const { text } = added.parsed
  const { before, after } = withVersion(own.packages.get(revision.package), revision.package, added)
  const repositories = [{ ...own, packages: new Map(own.packages).set(after.name, after) }, ...others]
  const affected = affectedPackages(repositories, caller, after.name, added.manifest)
  const tried = affected.slice(0, MOST)
  const input = async () => ({
    packages: knownPackages(repositories, caller, [after.name, ...tried.map((each) => each.name)]),
    added: { name: after.name, version: text },
    before,
    others: tried.map(({ name, latest }) => ({ name, version: latest.parsed.text })),
  })
  const { broken, ...impact } = await ctx.impact(input, `${own.name}/${after.name}`)
  const repositoryOf = (each: string): string => repositoryWith(repositories, caller, each)?.name ?? own.name
  return {
    version: text,
    becomesLatest: after.latest === added,
    ...impact,
    broken: broken.map((each) => ({ repository: repositoryOf(each.name), ...each })),
    truncated: affected.length > MOST,
  }
}

async function versionOf(
  ctx: ServiceContext,
  { name, version }: { name: string; version: string | null },
): Promise<PublishedVersion & { manifest: ManifestLinks }> {
  const parsed = version === null ? undefined : parseVersion(version)
  const manifest = await findManifest(ctx.db, name)
  if (parsed && manifest) {
    return { parsed, revision: name, publishedAt: '', manifest, deprecation: undefined }
  }
  const missing = manifest ? 'version' : 'package.yaml that can be read'
  throw new AppError('not_ready', `${name} has no ${missing}, so there is nothing to try`)
}

/** The package with the version, and the version that clients install without it. */
function withVersion(
  published: PublishedPackage | undefined,
  name: string,
  added: PublishedVersion,
): { before: string | null; after: PublishedPackage } {
  const { listing = PLAIN_LISTING, versions: all = [] } = published ?? {}
  const others = all.filter(({ parsed }) => parsed.text !== added.parsed.text)
  const versions = [...others, added].sort((a, b) => compareVersions(a.parsed, b.parsed))
  return {
    before: latestOf(others, listing.latestVersion)?.parsed.text ?? null,
    after: { name, listing, versions, latest: latestOf(versions, listing.latestVersion) ?? added },
  }
}
