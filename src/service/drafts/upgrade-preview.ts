import { AppError } from '../../core/errors.ts'
import type { Visibility } from '../../domain/access/visible-set.ts'
import { type FileDiff, MAX_DIFF_SIZE } from '../../domain/diff/diff-resources.ts'
import type { Conflict } from '../../domain/merge/conflict.ts'
import type { PackageId } from '../../domain/names.ts'
import type { Upstream } from '../../domain/package-revision.ts'
import type { ServiceContext } from '../context.ts'
import { mergeUpgrade, type UpgradeRequest } from './upgrade.ts'

export type UpgradePreview = {
  /** Name of the revision that would be upgraded. */
  from: string
  upstream: Upstream
  conflicts: Conflict[]
  files: FileDiff[]
}

/** Returns what an upgrade would change. Throws its errors, and `too_large` if there is too much to show. */
export async function previewUpgrade(
  ctx: ServiceContext,
  visibility: Visibility,
  target: PackageId,
  request: UpgradeRequest,
): Promise<UpgradePreview> {
  const { local, upstream, conflicts, diff } = await mergeUpgrade(ctx, 'preview', visibility, target, request)
  const { files, truncated } = diff
  if (truncated) {
    throw new AppError(
      'too_large',
      `the upgrade would change more than ${MAX_DIFF_SIZE / 1024 / 1024} MiB, which is too much to preview: create the draft, and compare it path by path`,
    )
  }
  return { from: local.name, upstream, conflicts, files }
}
