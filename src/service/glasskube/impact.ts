/** What the publication of a version would break. */
import { AppError } from '../../core/errors.ts'
import { findManifest } from '../../database/glasskube/published.ts'
import { latestOf } from '../../domain/glasskube/listing.ts'
import { compareVersions, parseVersion } from '../../domain/version.ts'
import type { Caller } from '../access/policy.ts'
import { getRevision } from '../change-revision.ts'
import type { ServiceContext } from '../context.ts'
import type { PublishedPackage, PublishedRepository } from '../published-repositories.ts'
import type { Impact } from '../workers/resolution-tasks.ts'
import { knownPackages, partsOf, versionOf } from './known-packages.ts'
import { repositoriesFrom, seesPackage } from './repositories.ts'

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
  const { repository, package: path, version: text } = await getRevision(ctx.db, name)
  const repositories = await repositoriesFrom(ctx, repository)
  const parsed = text === null ? undefined : parseVersion(text)
  const manifest = await findManifest(ctx.db, name)
  if (!parsed || !manifest) {
    const missing = manifest ? 'version' : 'package.yaml that can be read'
    throw new AppError('not_ready', `${name} has no ${missing}, so there is nothing to try`)
  }
  const published = repositories[0]?.packages.get(path)
  const others = (published?.versions ?? []).filter((each) => each.parsed.text !== parsed.text)
  const held = published?.listing.latestVersion ?? null
  const ascending = [...others, { parsed }].sort((a, b) => compareVersions(a.parsed, b.parsed))
  const affected = affectedBy(repositories, caller, path, partsOf(manifest))
  const known = knownPackages(repositories, caller, [path, ...partsOf(manifest), ...affected].map(nameOf))
  const [own, ...shadowed] = known.get(path) ?? []
  const versions = (own?.repository === repository ? own.versions : []).filter(
    (each) => each.version !== parsed.text,
  )
  const added = { repository, versions: [...versions, versionOf(parsed.text, manifest, false)] }
  known.set(path, [added, ...(own && own.repository !== repository ? [own] : []), ...shadowed])
  const input = {
    packages: known,
    added: { name: path, version: parsed.text },
    before: latestOf(others, held)?.parsed.text ?? null,
    others: affected.slice(0, MOST).map((each) => ({ name: each.name, version: each.latest.parsed.text })),
  }
  const { broken, ...impact } = await ctx.impact(input, `${repository}/${path}`)
  return {
    version: parsed.text,
    becomesLatest: latestOf(ascending, held)?.parsed === parsed,
    ...impact,
    broken: broken.map((each) => ({
      repository: known.get(each.name)?.[0]?.repository ?? repository,
      ...each,
    })),
    truncated: affected.length > MOST,
  }
}

const nameOf = (named: string | { name: string }): string => (typeof named === 'string' ? named : named.name)

/** The packages whose latest version can meet this one or its parts in a resolution, those with the shortest way first. */
function affectedBy(
  repositories: readonly PublishedRepository[],
  caller: Caller,
  path: string,
  parts: readonly { name: string }[],
): PublishedPackage[] {
  const latest = new Map<string, PublishedPackage>()
  for (const { name: repository, packages } of repositories) {
    for (const each of packages.values()) {
      if (!latest.has(each.name) && seesPackage(caller, repository, each.name)) latest.set(each.name, each)
    }
  }
  const users = new Map<string, PublishedPackage[]>()
  for (const each of latest.values()) {
    const { manifest } = each.latest
    for (const { name } of manifest ? partsOf(manifest) : []) {
      const of = users.get(name) ?? []
      users.set(name, of)
      of.push(each)
    }
  }
  const reached = new Set([path, ...parts.map(({ name }) => name)])
  // Whatever is below the parts can clash as well.
  for (const name of reached) {
    const manifest = name === path ? undefined : latest.get(name)?.latest.manifest
    for (const part of manifest ? partsOf(manifest) : []) reached.add(part.name)
  }
  const affected = new Set<string>(reached)
  for (const name of affected) for (const user of users.get(name) ?? []) affected.add(user.name)
  affected.delete(path)
  return [...affected].flatMap((name) => latest.get(name) ?? [])
}
