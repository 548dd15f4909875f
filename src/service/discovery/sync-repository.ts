import { mapConcurrently } from '../../core/concurrency.ts'
import { AppError } from '../../core/errors.ts'
import { forgetProblemsBeside, saveSync } from '../../database/repositories/discovered-tags.ts'
import { AUDIT_REPOSITORY } from '../../domain/tags.ts'
import { OciError } from '../../oci/errors.ts'
import { orAborted, timedOut } from './deadline.ts'
import type { DiscoveryOptions } from './discovery-options.ts'
import type { Sync } from './package-scan.ts'
import type { SourceRegistry } from './source-registry.ts'
import { recordFailure, syncPackage } from './sync-package.ts'

/** Packages that are synced at a time, which bounds the requests that the registry has to answer at once. */
const PACKAGES_AT_ONCE = 4
/** A registry with more repositories is used for something else. */
const MAX_PACKAGES = 5000

type Source = Omit<Sync, 'registry'> & { open: () => SourceRegistry }

/** Syncs a repository with its source once, and records the result. Reports failures that are the server's own. */
export async function syncRepository(
  { open, ...source }: Source,
  { report, onFailure }: Pick<DiscoveryOptions, 'report' | 'onFailure'>,
): Promise<void> {
  const { ctx, repository, signal } = source
  let packages = 0
  let error: string | null = null
  const failed = (failure: unknown): string => {
    error ??= messageOf(failure)
    if (!isForeseen(failure)) report(failure)
    return messageOf(failure)
  }
  try {
    const sync: Sync = { ...source, registry: open() }
    const names = await orAborted(packagesOf(sync), signal)
    packages = names.length
    await ctx.commits.run((transaction) => forgetProblemsBeside(transaction, repository.name, new Set(names)))
    const syncOne = async (name: string): Promise<void> => {
      if (signal.aborted) return
      await syncPackage(sync, name).catch(async (failure) => {
        if (!signal.aborted) await recordFailure(sync, name, failed(failure))
      })
    }
    await mapConcurrently(names, syncOne, PACKAGES_AT_ONCE)
  } catch (failure) {
    if (!signal.aborted) failed(failure)
  }
  // After a stop, the next process syncs again.
  if (signal.aborted && !timedOut(signal)) return
  if (signal.aborted) error ??= 'the sync took too long: the next one continues from there'
  if (error !== null) onFailure(repository.name, error)
  const at = ctx.now().toISOString()
  await ctx.commits.run((transaction) => saveSync(transaction, repository.name, { at, error, packages }))
}

async function packagesOf({ repository, registry, address }: Sync): Promise<readonly string[]> {
  const named = repository.source?.packages
  if (named) return named
  const names = await listPackages(registry)
  if (names.length <= MAX_PACKAGES) return names
  throw new AppError(
    'too_large',
    `${address} has more than ${MAX_PACKAGES} repositories: name those to take in the packages of the source`,
  )
}

/** Throws `not_available` where the registry does not list its repositories. */
async function listPackages(registry: SourceRegistry): Promise<string[]> {
  try {
    // The source may be a pkgserver.
    return (await registry.repositories()).filter((name) => name !== AUDIT_REPOSITORY)
  } catch (error) {
    if (!(error instanceof OciError) || error.code === 'unavailable') throw error
    throw new AppError(
      'not_available',
      `the registry does not list its repositories (${error.message}): name those to take in the packages of the source`,
      { cause: error },
    )
  }
}

/** Failures of registries and of the domain, which the status shows. */
function isForeseen(error: unknown): error is Error {
  return error instanceof OciError || (error instanceof AppError && error.code !== 'internal')
}

function messageOf(error: unknown): string {
  return isForeseen(error) ? error.message : 'the server failed: its log has the cause'
}
