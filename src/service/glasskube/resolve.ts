import type {
  InstalledPackage,
  InstallRequest,
  Requirement,
  Resolution,
  Selection,
} from '../../domain/glasskube/resolution/problem.ts'
import type { Caller } from '../access/policy.ts'
import type { ServiceContext } from '../context.ts'
import type { PublishedRepository } from '../published-repositories.ts'
import type { ResolutionMode } from '../workers/resolution-tasks.ts'
import { knownPackages } from './known-packages.ts'
import { glasskubeRepository, repositoryWith } from './repositories.ts'

export type ResolutionRequest = {
  /** The one with the highest priority first. */
  repositories: readonly string[]
  install: readonly InstallRequest[]
  installed: readonly InstalledPackage[]
  mode: ResolutionMode
}

/** Where a package comes from; null for one that no repository has. */
type Sourced<One> = One & { repository: string | null }

export type SourcedResolution = Omit<Resolution, 'install' | 'requirements'> & {
  install: Sourced<Selection>[]
  requirements: Sourced<Requirement>[]
}

/** Throws `not_found` for a repository, `conflict` for one of another format, and `too_large`. */
export async function resolve(
  ctx: ServiceContext,
  caller: Caller,
  { repositories: names, install, installed, mode }: ResolutionRequest,
): Promise<SourcedResolution> {
  const repositories: PublishedRepository[] = []
  for (const name of names) repositories.push(await glasskubeRepository(ctx, name))
  const wanted = [...install, ...installed].map(({ name }) => name)
  const input = async () => {
    return { mode, packages: knownPackages(repositories, caller, wanted), install, installed }
  }
  const resolution = await ctx.resolve(input, names.join(' '))
  const sourced = <One extends Selection>(one: One): Sourced<One> => {
    return { ...one, repository: repositoryWith(repositories, caller, one.name)?.name ?? null }
  }
  return {
    ...resolution,
    install: resolution.install.map(sourced),
    requirements: resolution.requirements.map(sourced),
  }
}
