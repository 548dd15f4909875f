import { mapConcurrently } from '../../core/concurrency.ts'
import { AppError } from '../../core/errors.ts'
import { forgetProblemsBeside, saveSync } from '../../database/repositories/discovered-tags.ts'
import { OciError } from '../../oci/errors.ts'
import { orAborted, timedOut } from './deadline.ts'
import type { DiscoveryOptions } from './discovery-options.ts'
import { openSource } from './open-source.ts'
import type { Sync } from './package-scan.ts'
import { recordFailure, syncPackage } from './sync-package.ts'

/** Packages that are synced at a time, which bounds the requests that the registry has to answer at once. */
const PACKAGES_AT_ONCE = 4
/** A registry with more repositories is used for something else. */
const MAX_PACKAGES = 5000

/** Syncs a repository with its source once, and records the result. Reports failures that are the server's own. */
export async function syncRepository(
  begun: Omit<Sync, 'source'>,
  { open, report, onFailure }: DiscoveryOptions,
): Promise<void> {
  const { ctx, repository, signal } = begun
  let packages = 0
  let error: string | null = null
  const failed = (failure: unknown): string => {
    error ??= messageOf(failure)
    if (!isForeseen(failure)) report(failure)
    return messageOf(failure)
  }
  try {
    const sync: Sync = { ...begun, source: openSource(open, begun) }
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

async function packagesOf({ repository, source }: Sync): Promise<readonly string[]> {
  const named = repository.source?.packages
  if (named) return named
  const names = await source.packages()
  if (names.length <= MAX_PACKAGES) return names
  throw new AppError(
    'too_large',
    `${repository.source?.url} has more than ${MAX_PACKAGES} packages: name those to take in the packages of the source`,
  )
}

/** Failures of registries and of the domain, which the status shows. */
function isForeseen(error: unknown): error is Error {
  return error instanceof OciError || (error instanceof AppError && error.code !== 'internal')
}

function messageOf(error: unknown): string {
  return isForeseen(error) ? error.message : 'the server failed: its log has the cause'
}
