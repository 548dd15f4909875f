/** Compares a revision with its previous one, its upstream, or any other revision. */

import { AppError } from '../../core/errors.ts'
import { previousRevision } from '../../database/package-revisions/of-package.ts'
import { findPackageRevision } from '../../database/package-revisions/package-revisions.ts'
import { type DiffInput, type FileDiff, MAX_DIFF_SIZE } from '../../domain/diff/diff-resources.ts'
import { ociRepository, type PackageId, parseRevisionName } from '../../domain/names.ts'
import { NO_FILES } from '../../domain/package-files.ts'
import type { PackageRevision } from '../../domain/package-revision.ts'
import { getRevision } from '../change-revision.ts'
import type { ServiceContext } from '../context.ts'
import { packedFiles } from '../registry-content.ts'

/** The old and the new side; without an old side, all files are new. */
export type Comparison = { from: PackageRevision | undefined; to: PackageRevision }

/**
 * Throws if the caller may not read a revision, given by its name, or what is published of a package. Called before the
 * answer reveals anything about it.
 */
export type MayRead = (source: string | PackageId) => Promise<void>

/**
 * Returns the two sides of a comparison. `against` is `previous`, `upstream`, or the name of a revision; default: the
 * previous revision, else the upstream, else nothing. Throws `not_found`, and `invalid` for a malformed name.
 */
export async function findComparison(
  ctx: ServiceContext,
  name: string,
  against: string | undefined,
  mayRead: MayRead,
): Promise<Comparison> {
  const to = await getRevision(ctx.db, name)
  if (against !== undefined && against !== 'previous' && against !== 'upstream') {
    parseRevisionName(against)
    await mayRead(against)
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
    throw new AppError('not_found', `the upstream of ${name}, ${to.upstream.name}, was deleted`)
  }
  if (against === undefined) return { from: undefined, to }
  throw new AppError('not_found', `${name} has no upstream: it was not cloned from another package`)
}

/** Identifies the result of a comparison: it depends on the two digests alone. */
export function comparisonDigest({ from, to }: Comparison): string {
  return `${from?.artifact.digest ?? ''}..${to.artifact.digest}`
}

/** Returns the files that differ. Throws `too_large`. */
export async function diffRevisions(
  ctx: ServiceContext,
  { from, to }: Comparison,
  options: Pick<DiffInput, 'path' | 'patchesOnly'> = {},
): Promise<FileDiff[]> {
  if (from?.artifact.layerDigest === to.artifact.layerDigest) return []
  const input = async () => ({
    before: from ? await packedFiles(ctx, from) : NO_FILES,
    after: await packedFiles(ctx, to),
    ...options,
    limits: ctx.limits,
  })
  const { files, truncated } = await ctx.diff(input, ociRepository(to))
  if (!truncated) return files
  throw new AppError(
    'too_large',
    `${to.name} differs from ${from?.name ?? 'a package without files'} by more than ${MAX_DIFF_SIZE / 1024 / 1024} MiB: compare a single file or directory`,
    { remedy: { do: 'compare_path' } },
  )
}

function withoutPrevious({ name, revision }: PackageRevision): string {
  return revision === 0
    ? `${name} has no previous revision: no other revision of its package is published`
    : `${name} has no previous revision: no revision of its package below ${revision} exists`
}
