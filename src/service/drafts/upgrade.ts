/** Takes what an upstream has published since into a package that was made from it. */

import { AppError } from '../../core/errors.ts'
import { highestRevision } from '../../database/package-revisions/of-package.ts'
import { findPackage } from '../../database/repositories/packages.ts'
import { withUpstream } from '../../domain/kpt/kptfile.ts'
import type { Conflict } from '../../domain/merge/conflict.ts'
import type { MergeStrategy } from '../../domain/merge/strategy.ts'
import { ociRepository, type PackageId } from '../../domain/names.ts'
import type { PackageRevision, Upstream } from '../../domain/package-revision.ts'
import type { Resources } from '../../domain/resources.ts'
import { getRevision } from '../change-revision.ts'
import type { ServiceContext } from '../context.ts'
import { readLayer } from '../registry-content.ts'
import { checkMerged } from './conflicts.ts'
import { resolveUpstream, type UpstreamReference, upstreamOf } from './upstream-reference.ts'

/** What an upgrade is to do, as whoever asks for it says it. */
export type UpgradeRequest = {
  /** Name of the revision of the package to start from; its latest, where that is not said. */
  from?: string | undefined
  /** The revision of the upstream to take in; the latest, where that is not said. */
  to?: UpstreamReference | undefined
  strategy?: MergeStrategy | undefined
  /** Whose value stands in the draft where both sides have changed the same. */
  conflicts?: 'local' | 'upstream' | undefined
}

export type Upgrade = {
  /** The revision that the upgrade starts from, with its files. */
  local: PackageRevision
  localResources: Resources
  /** The upstream that is taken in. */
  upstream: Upstream
  /** The files that come of it. */
  resources: Resources
  conflicts: Conflict[]
}

/**
 * Merges a package's revision with another one of its upstream, and makes nothing of it yet. Throws `not_found`,
 * `invalid` for a package without an upstream, and `conflict` where there is nothing to do, or, for `fast-forward`,
 * where local files were changed.
 */
export async function mergeUpgrade(
  ctx: ServiceContext,
  target: PackageId,
  { from, to, strategy = 'resource-merge', conflicts: prefer = 'local' }: UpgradeRequest,
): Promise<Upgrade> {
  const { local, base } = await localRevision(ctx, target, from)
  await checkMerged(ctx.db, local)
  const updated = await resolveUpstream(ctx.db, to ?? latestOf(base))
  if (updated.name === base.name) {
    throw new AppError(
      'conflict',
      `${local.name} is based on ${base.name} already: there is nothing to upgrade to`,
    )
  }
  const [original, localResources, upstream] = await Promise.all([
    readLayer(ctx, await getRevision(ctx.db, base.name)),
    readLayer(ctx, local),
    readLayer(ctx, updated),
  ])
  const merged = await ctx.merge({ original, local: localResources, upstream, strategy, prefer })
  if (merged.modified.length > 0) throw notUnchanged(local, merged.modified)
  const next = upstreamOf(updated)
  return {
    local,
    localResources,
    upstream: next,
    resources: withUpstream(merged.resources, { packagePath: target.package, upstream: next, strategy }),
    conflicts: merged.conflicts,
  }
}

/** The upstream that an upgrade would take in: whoever asks for it must be allowed to read that. */
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

/** The revision of a package to start from, and what it is based on. */
async function localRevision(
  ctx: ServiceContext,
  target: PackageId,
  from: string | undefined,
): Promise<{ local: PackageRevision; base: Upstream }> {
  const local = await namedOrLatest(ctx, target, from)
  if (local.upstream) return { local, base: local.upstream }
  throw new AppError(
    'invalid',
    `${local.name} has no upstream: only what was made with source clone can be upgraded`,
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
      `${target.repository}/${target.package} has no published revision to upgrade: publish one, or say with source.upgrade.from which draft to start from`,
    )
  }
  const local = await getRevision(ctx.db, from)
  if (ociRepository(local) === ociRepository(target)) return local
  throw new AppError('invalid', `source.upgrade.from: ${from} is a revision of another package`)
}

function notUnchanged({ name }: PackageRevision, paths: readonly string[]): AppError {
  return new AppError(
    'conflict',
    `${name} cannot be fast-forwarded, since files were changed in it: use the strategy resource-merge`,
    { details: paths.map((path) => ({ path, message: 'it was changed locally' })) },
  )
}
