import { mapConcurrently } from '../../core/concurrency.ts'
import { AppError } from '../../core/errors.ts'
import { forgetProblemsBeside, saveSync } from '../../database/repositories/discovered-tags.ts'
import { OciError } from '../../oci/errors.ts'
import type { DiscoveryOptions } from './discovery-options.ts'
import type { Pass } from './look.ts'
import { tookTooLong, unlessStopped } from './pass-end.ts'
import type { SourceRegistry } from './source-registry.ts'
import { noteFailure, syncPackage } from './sync-package.ts'

/** Packages that are looked at together: as many requests the registry has at once. */
const AT_ONCE = 4
/** What a registry with more of them is used for is something else. */
const MAX_PACKAGES = 5000

type Source = Omit<Pass, 'registry'> & { open: () => SourceRegistry }

/** Looks through a source once, and records what came of it. Reports what no registry is to blame for. */
export async function syncRepository(
  source: Source,
  { report, onFailure }: Pick<DiscoveryOptions, 'report' | 'onFailure'>,
): Promise<void> {
  const { ctx, repository, stopped } = source
  let packages = 0
  let error: string | null = null
  const failed = (failure: unknown): string => {
    error ??= wordsOf(failure)
    if (!isForeseen(failure)) report(failure)
    return wordsOf(failure)
  }
  try {
    const { open, ...rest } = source
    const pass: Pass = { ...rest, registry: open() }
    const names = await unlessStopped(packagesOf(pass), stopped)
    packages = names.length
    await ctx.commits.run((transaction) => forgetProblemsBeside(transaction, repository.name, new Set(names)))
    const syncOne = async (name: string): Promise<void> => {
      if (stopped.aborted) return
      await syncPackage(pass, name).catch(async (failure) => {
        if (!stopped.aborted) await noteFailure(pass, name, failed(failure))
      })
    }
    await mapConcurrently(names, syncOne, AT_ONCE)
  } catch (failure) {
    if (!stopped.aborted) failed(failure)
  }
  // Where the server stops, the next one begins anew.
  if (stopped.aborted && !tookTooLong(stopped)) return
  if (stopped.aborted) error ??= 'it takes too long: the next sync goes on from there'
  if (error !== null) onFailure(repository.name, error)
  const at = ctx.now().toISOString()
  await ctx.commits.run((transaction) => saveSync(transaction, repository.name, { at, error, packages }))
}

async function packagesOf({ repository, registry, address }: Pass): Promise<readonly string[]> {
  const named = repository.source?.packages
  if (named) return named
  const names = await listed(registry)
  if (names.length <= MAX_PACKAGES) return names
  throw new AppError(
    'too_large',
    `${address} has more than ${MAX_PACKAGES} repositories: name those to take in source.packages`,
  )
}

/** Throws `not_available` where the registry does not tell. */
async function listed(registry: SourceRegistry): Promise<string[]> {
  try {
    return await registry.repositories()
  } catch (error) {
    if (!(error instanceof OciError) || error.code === 'unavailable') throw error
    throw new AppError(
      'not_available',
      `the registry does not list its repositories: name those to take in source.packages (${error.message})`,
      { cause: error },
    )
  }
}

/** Those of registries and of the domain are told to whoever asks for the status. */
function isForeseen(error: unknown): error is Error {
  return error instanceof OciError || (error instanceof AppError && error.code !== 'internal')
}

function wordsOf(error: unknown): string {
  return isForeseen(error) ? error.message : 'the server failed; its log has the cause'
}
