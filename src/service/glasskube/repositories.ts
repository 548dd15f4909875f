import { AppError } from '../../core/errors.ts'
import { glasskubeRepositories } from '../../database/glasskube/published.ts'
import { sees } from '../../domain/access/visible-set.ts'
import type { PackageId } from '../../domain/names.ts'
import type { Caller } from '../access/policy.ts'
import { visibleTo } from '../access/visible.ts'
import type { ServiceContext } from '../context.ts'
import type { PublishedPackage, PublishedRepository, PublishedVersion } from '../published-repositories.ts'
import { getRepository } from '../repository-record.ts'

/** Throws `not_found`, and `conflict` for a repository of another format. */
export async function glasskubeRepository(ctx: ServiceContext, name: string): Promise<PublishedRepository> {
  const found = await ctx.published.get(name)
  if (found) return found
  await getRepository(ctx.db, name)
  throw new AppError('conflict', `${name} is no Glasskube repository: its packages have no package.yaml`)
}

/** All Glasskube repositories, that of this name first: where a dependency is looked for first. */
export async function repositoriesFrom(
  ctx: ServiceContext,
  name: string,
): Promise<[PublishedRepository, ...PublishedRepository[]]> {
  const first = await glasskubeRepository(ctx, name)
  const others: PublishedRepository[] = []
  for (const other of await glasskubeRepositories(ctx.db)) {
    const found = other === name ? undefined : await ctx.published.get(other)
    if (found) others.push(found)
  }
  return [first, ...others]
}

/** Throws `not_found`. */
export function publishedPackage(
  { name, packages }: PublishedRepository,
  { package: path }: Pick<PackageId, 'package'>,
): PublishedPackage {
  const found = packages.get(path)
  if (found) return found
  throw new AppError('not_found', `nothing is published of ${name}/${path}`)
}

/** The version of this text, or the latest. Throws `not_found`. */
export function publishedVersion(
  { name, versions, latest }: PublishedPackage,
  version: string | undefined,
): PublishedVersion {
  const found = version === undefined ? latest : versions.find(({ parsed }) => parsed.text === version)
  if (found) return found
  throw new AppError('not_found', `${name} has no published version ${version}`)
}

/** Whether a caller sees what is published of a package. */
export function seesPackage(caller: Caller, repository: string, name: string): boolean {
  return sees(visibleTo(caller).published, { repository, package: name })
}

/** The first repository that has a package, as far as the caller sees. */
export function repositoryWith(
  repositories: readonly PublishedRepository[],
  caller: Caller,
  name: string,
): PublishedRepository | undefined {
  return repositories.find((each) => each.packages.has(name) && seesPackage(caller, each.name, name))
}
