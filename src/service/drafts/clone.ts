import { AppError } from '../../core/errors.ts'
import type { Reader } from '../../database/connection.ts'
import { latestName } from '../../database/package-revisions/of-package.ts'
import { SEES_ALL, type Visibility } from '../../domain/access/visible-set.ts'
import type { Labels } from '../../domain/labels.ts'
import { ociRepository, type PackageId } from '../../domain/names.ts'
import type { PackageRevision } from '../../domain/package-revision.ts'
import type { ServiceContext } from '../context.ts'
import { fileRules } from '../package-rules.ts'
import { packedFiles, shareLayer } from '../registry-content.ts'
import { type DraftContent, pushContent } from './draft-content.ts'
import {
  checkStillPublished,
  resolveUpstream,
  type UpstreamReference,
  upstreamOf,
} from './upstream-reference.ts'

export type CloneSource = { upstream: UpstreamReference; setters?: Labels | undefined }

/** Throws `already_exists` if the package has revisions: a clone is the first revision of a package. */
export async function checkNewPackage(db: Reader, visibility: Visibility, target: PackageId): Promise<void> {
  if ((await latestName(db, SEES_ALL, target)) === undefined) return
  const name = await latestName(db, visibility, target)
  throw new AppError(
    'already_exists',
    `the package ${ociRepository(target)} exists already, and a clone begins a new one: choose another path for the clone, or continue the package with a copy or an upgrade`,
    name === undefined ? {} : { remedy: { do: 'continue_package', latest: name } },
  )
}

/**
 * Copies the files of an upstream, writes name and upstream into the Kptfile, and applies setters. Unchanged files share
 * the upstream's layer; labels, annotations and gates describe the upstream, so they are not copied.
 */
export async function cloneContent(
  ctx: ServiceContext,
  target: PackageId,
  source: CloneSource,
  visibility: Visibility,
): Promise<DraftContent> {
  const revision = await resolveUpstream(ctx.db, visibility, source.upstream)
  const upstream = upstreamOf(revision)
  try {
    const input = async () => ({
      upstream: await packedFiles(ctx, revision),
      note: { packagePath: target.package, upstream },
      setters: source.setters,
      ...(await fileRules(ctx, target)),
    })
    const cloned = await ctx.clone(input, ociRepository(target))
    if ('problem' in cloned) {
      throw new AppError('invalid', `the setters cannot be applied: ${cloned.problem}`)
    }
    const { files } = cloned
    const content = files ? await pushContent(ctx, target, files) : await shareContent(ctx, target, revision)
    return { ...content, upstream }
  } catch (error) {
    // A deletion of the upstream explains the error better.
    await checkStillPublished(ctx.db, upstream)
    throw error
  }
}

async function shareContent(
  ctx: ServiceContext,
  target: PackageId,
  revision: PackageRevision,
): Promise<DraftContent> {
  await shareLayer(ctx, revision, ociRepository(target))
  return {
    upstream: null,
    labels: {},
    annotations: {},
    readinessGates: [],
    conditions: revision.conditions.filter(({ type }) => type === 'Valid'),
    fileCount: revision.fileCount,
    layer: revision.artifact,
  }
}
