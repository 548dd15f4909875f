/** Merges a newer revision of its upstream into a package. */

import { AppError } from '../../core/errors.ts'
import { highestRevision } from '../../database/package-revisions/of-package.ts'
import { findPackage } from '../../database/repositories/packages.ts'
import { withUpstream } from '../../domain/kpt/kptfile.ts'
import type { Conflict } from '../../domain/merge/conflict.ts'
import type { MergeStrategy } from '../../domain/merge/strategy.ts'
import { ociRepository, type PackageId } from '../../domain/names.ts'
import type { PackageFiles } from '../../domain/package-files.ts'
import type { PackageRevision, Upstream } from '../../domain/package-revision.ts'
import { getRevision } from '../change-revision.ts'
import type { ServiceContext } from '../context.ts'
import { readLayer, type TakeMemory } from '../registry-content.ts'
import { checkMerged } from './conflicts.ts'
import { resolveUpstream, type UpstreamReference, upstreamOf } from './upstream-reference.ts'

export type UpgradeRequest = {
  /** Name of the revision of the package to start from; default: its latest. */
  from?: string | undefined
  /** The revision of the upstream to upgrade to; default: the latest. */
  to?: UpstreamReference | undefined
  strategy?: MergeStrategy | undefined
  /** Which side's value the draft has where both changed the same. */
  conflicts?: 'local' | 'upstream' | undefined
}

export type Upgrade = {
  /** The revision that the upgrade starts from, with its files. */
  local: PackageRevision
  localFiles: PackageFiles
  /** The upstream after the upgrade. */
  upstream: Upstream
  /** The merged files. */
  files: PackageFiles
  conflicts: Conflict[]
}

/**
 * Merges a revision of a package with another revision of its upstream, and saves nothing. Throws `not_found`, `invalid`
 * for a package without an upstream, `not_ready` for a revision with open conflicts, and `conflict` if there is nothing
 * to upgrade or, with `fast-forward`, if local files were changed.
 */
export async function mergeUpgrade(
  ctx: ServiceContext,
  target: PackageId,
  { from, to, strategy = 'resource-merge', conflicts: prefer = 'local' }: UpgradeRequest,
  take?: TakeMemory,
): Promise<Upgrade> {
  const { local, base } = await localRevision(ctx, target, from)
  await checkMerged(ctx.db, local)
  const updated = await resolveUpstream(ctx.db, to ?? latestOf(base))
  if (updated.name === base.name) {
    throw new AppError(
      'conflict',
      `${local.name} is based on ${base.name} already: there is nothing to upgrade`,
    )
  }
  const [original, localFiles, upstream] = await Promise.all([
    readLayer(ctx, await getRevision(ctx.db, base.name), take),
    readLayer(ctx, local, take),
    readLayer(ctx, updated, take),
  ])
  const merged = await ctx.merge(
    { original, local: localFiles, upstream, strategy, prefer },
    ociRepository(target),
  )
  if (merged.modified.length > 0) throw notUnchanged(local, merged.modified)
  const next = upstreamOf(updated)
  return {
    local,
    localFiles,
    upstream: next,
    files: {
      resources: withUpstream(merged.resources, { packagePath: target.package, upstream: next, strategy }),
      executables: merged.executables,
    },
    conflicts: merged.conflicts,
  }
}

/** Returns the upstream that an upgrade would read, for the check of the caller's permission. */
export async function upgradeTarget(
  ctx: ServiceContext,
  target: PackageId,
  { from, to }: UpgradeRequest,
): Promise<UpstreamReference> {
  return to ?? latestOf((await localRevision(ctx, target, from)).base)
}

function latestOf({ repository, package: path }: Upstream): UpstreamReference {
  return { repository, package: path, revision: 'latest' }
}

/** Returns the revision of a package to start from, and its upstream. */
async function localRevision(
  ctx: ServiceContext,
  target: PackageId,
  from: string | undefined,
): Promise<{ local: PackageRevision; base: Upstream }> {
  const local = await namedOrLatest(ctx, target, from)
  if (local.upstream) return { local, base: local.upstream }
  throw new AppError(
    'invalid',
    `${local.name} has no upstream: only a package that was cloned can be upgraded`,
  )
}

async function namedOrLatest(
  ctx: ServiceContext,
  target: PackageId,
  from: string | undefined,
): Promise<PackageRevision> {
  if (from === undefined) {
    const state = await findPackage(ctx.db, target)
    const latest = state && (await highestRevision(ctx.db, state.id, ''))
    if (latest) return latest
    throw new AppError(
      'not_found',
      `${target.repository}/${target.package} has no published revision to upgrade: publish one, or name the draft to start from`,
      { remedy: { do: 'name_draft' } },
    )
  }
  const local = await getRevision(ctx.db, from)
  if (ociRepository(local) === ociRepository(target)) return local
  throw new AppError(
    'invalid',
    `the upgrade cannot start from ${from}, which is a revision of another package`,
  )
}

function notUnchanged({ name }: PackageRevision, paths: readonly string[]): AppError {
  return new AppError(
    'conflict',
    `${name} cannot be fast-forwarded, because its files were changed: use the strategy resource-merge`,
    { details: paths.map((path) => ({ path, message: 'the file was changed locally' })) },
  )
}
