import { previousRevision } from '../../database/package-revisions/of-package.ts'
import { ociRepository } from '../../domain/names.ts'
import { NO_FILES } from '../../domain/package-files.ts'
import type { PackageRevision } from '../../domain/package-revision.ts'
import type { Proposal } from '../../domain/review/evaluate.ts'
import type { ReviewPolicy } from '../../domain/review/policy.ts'
import type { ServiceContext } from '../context.ts'
import { packedFiles } from '../registry-content.ts'

/**
 * Resolves to the paths in which a proposal differs from the last published revision, not from an earlier draft: what one
 * review has seen may change back. A deletion concerns all paths, and so does whatever is not known.
 */
export async function changedPaths(
  ctx: ServiceContext,
  policies: readonly ReviewPolicy[],
  revision: PackageRevision,
): Promise<Proposal['paths']> {
  if (revision.lifecycle === 'DeletionProposed' || !policies.some(({ paths }) => paths.length > 0))
    return 'all'
  const last = await previousRevision(ctx.db, revision)
  const input = async () => ({
    before: last ? await packedFiles(ctx, last) : NO_FILES,
    after: await packedFiles(ctx, revision),
    patchesOnly: true,
    limits: ctx.limits,
  })
  const { files, truncated } = await ctx.diff(input, ociRepository(revision))
  if (truncated) return 'all'
  return files.flatMap(({ path, from }) => (from === undefined ? [path] : [path, from]))
}
