/** Merges a newer revision of its upstream into a package. */

import { AppError } from '../../core/errors.ts'
import { highestRevision } from '../../database/package-revisions/of-package.ts'
import { findPackage } from '../../database/repositories/packages.ts'
import type { Visibility } from '../../domain/access/visible-set.ts'
import type { MergeStrategy } from '../../domain/merge/strategy.ts'
import { ociRepository, type PackageId } from '../../domain/names.ts'
import type { PackageRevision, Upstream } from '../../domain/package-revision.ts'
import { getRevision } from '../change-revision.ts'
import type { ServiceContext } from '../context.ts'
import { fileRules } from '../package-rules.ts'
import { packedFiles } from '../registry-content.ts'
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

export type Upgrade<Result> = Result & {
  /** The revision that the upgrade starts from. */
  local: PackageRevision
  /** The upstream after the upgrade. */
  upstream: Upstream
}

/**
 * Merges a revision of a package with another revision of its upstream by one of the tasks for it, and saves nothing.
 * Throws `not_found`, `invalid` for a package without an upstream, `not_ready` for a revision with open conflicts, and
 * `conflict` if there is nothing to upgrade or, with `fast-forward`, if local files were changed.
 */
export async function mergeUpgrade<Task extends 'merge' | 'upgrade' | 'preview'>(
  ctx: ServiceContext,
  task: Task,
  visibility: Visibility,
  target: PackageId,
  { from, to, strategy = 'resource-merge', conflicts: prefer = 'local' }: UpgradeRequest,
): Promise<Upgrade<Awaited<ReturnType<ServiceContext[Task]>>>> {
  const { local, base } = await localRevision(ctx, target, from)
  await checkMerged(ctx.db, local)
  const updated = await resolveUpstream(ctx.db, visibility, to ?? latestOf(base))
  if (updated.name === base.name) {
    throw new AppError(
      'conflict',
      `${local.name} is based on ${base.name} already: there is nothing to upgrade`,
    )
  }
  const original = await getRevision(ctx.db, base.name)
  const upstream = upstreamOf(updated)
  const input = async () => ({
    original: await packedFiles(ctx, original),
    local: await packedFiles(ctx, local),
    upstream: await packedFiles(ctx, updated),
    note: { packagePath: target.package, upstream, strategy },
    strategy,
    prefer,
    ...(await fileRules(ctx, target)),
  })
  const merged = await ctx[task](input, ociRepository(target))
  if (merged.modified.length > 0) throw notUnchanged(local, merged.modified)
  return { ...(merged as Awaited<ReturnType<ServiceContext[Task]>>), local, upstream }
}

/**
 * Returns the upstreams that an upgrade would read, for the check of the caller's permission: conflicts show the values of
 * the old one, too.
 */
export async function upgradeSources(
  ctx: ServiceContext,
  target: PackageId,
  { from, to }: UpgradeRequest,
): Promise<UpstreamReference[]> {
  const { base } = await localRevision(ctx, target, from)
  const latest = latestOf(base)
  return to === undefined ? [latest] : [latest, to]
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
