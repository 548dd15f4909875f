/** How a revision differs from another one, from its upstream, or from the revision before it. */

import { AppError } from '../../core/errors.ts'
import { previousRevision } from '../../database/package-revisions/of-package.ts'
import { findPackageRevision } from '../../database/package-revisions/package-revisions.ts'
import { type DiffInput, type FileDiff, MAX_DIFF_SIZE } from '../../domain/diff/diff-resources.ts'
import { type PackageId, parseRevisionName } from '../../domain/names.ts'
import type { PackageRevision } from '../../domain/package-revision.ts'
import { getRevision } from '../change-revision.ts'
import type { ServiceContext } from '../context.ts'
import { readLayer } from '../registry-content.ts'

/** What is compared: the old side, undefined for a package without files, and the new one. */
export type Comparison = { from: PackageRevision | undefined; to: PackageRevision }

/** Throws where who calls may not read that package. It is asked before anything is told of the package. */
export type MayRead = (id: PackageId) => Promise<void>

/**
 * The two sides of a comparison. `against` is the name of a revision, `upstream` or `previous`; without it the first
 * that there is of previous, upstream and no files at all. Throws `not_found`, and `invalid` for what is no name.
 */
export async function findComparison(
  ctx: ServiceContext,
  name: string,
  against: string | undefined,
  mayRead: MayRead,
): Promise<Comparison> {
  const to = await getRevision(ctx.db, name)
  if (against !== undefined && against !== 'previous' && against !== 'upstream') {
    await mayRead(parseRevisionName(against))
    return { from: await getRevision(ctx.db, against), to }
  }
  if (against !== 'upstream') {
    const previous = await previousRevision(ctx.db, to)
    if (previous) return { from: previous, to }
    if (against === 'previous') throw new AppError('not_found', withoutPrevious(to))
  }
  if (to.upstream) {
    await mayRead(to.upstream)
    const upstream = await findPackageRevision(ctx.db, to.upstream.name)
    if (upstream) return { from: upstream, to }
    throw new AppError('not_found', `the upstream of ${name}, ${to.upstream.name}, is gone`)
  }
  if (against === undefined) return { from: undefined, to }
  throw new AppError('not_found', `${name} has no upstream: it was not cloned from another package`)
}

/** Between two digests it never changes. */
export function comparisonDigest({ from, to }: Comparison): string {
  return `${from?.artifact.digest ?? ''}..${to.artifact.digest}`
}

/** The files that differ. Throws `too_large`. */
export async function diffRevisions(
  ctx: ServiceContext,
  { from, to }: Comparison,
  options: Pick<DiffInput, 'path' | 'patchesOnly'> = {},
): Promise<FileDiff[]> {
  if (from?.artifact.layerDigest === to.artifact.layerDigest) return []
  const [before, after] = await Promise.all([from ? readLayer(ctx, from) : new Map(), readLayer(ctx, to)])
  const { files, truncated } = await ctx.diff({ before, after, ...options })
  if (!truncated) return files
  throw new AppError(
    'too_large',
    `${to.name} differs from ${from?.name ?? 'a package without files'} by more than ${MAX_DIFF_SIZE / 1024 / 1024} MiB: ask for less of it, with the path of a file or a directory (?path=)`,
  )
}

function withoutPrevious({ name, revision }: PackageRevision): string {
  return revision === 0
    ? `${name} has no previous revision: no other revision of its package is published`
    : `${name} has no previous revision: no revision of its package below ${revision} is there`
}
