import { AppError } from '../../core/errors.ts'
import type { Reader } from '../../database/connection.ts'
import { latestName } from '../../database/package-revisions/of-package.ts'
import { type CloneRequest, changeableFiles } from '../../domain/kpt/clone-resources.ts'
import type { Labels } from '../../domain/labels.ts'
import { ociRepository, type PackageId } from '../../domain/names.ts'
import type { PackageRevision } from '../../domain/package-revision.ts'
import type { Resources } from '../../domain/resources.ts'
import type { ServiceContext } from '../context.ts'
import { readLayer, shareLayer } from '../registry-content.ts'
import { type DraftContent, packContent } from './draft-content.ts'
import {
  checkStillPublished,
  resolveUpstream,
  type UpstreamReference,
  upstreamOf,
} from './upstream-reference.ts'

export type CloneSource = { upstream: UpstreamReference; setters?: Labels | undefined }

/** Throws `already_exists` if the package has revisions: a clone is the first revision of a package. */
export async function checkNewPackage(db: Reader, target: PackageId): Promise<void> {
  const name = await latestName(db, target)
  if (name === undefined) return
  throw new AppError(
    'already_exists',
    `the package ${ociRepository(target)} exists already, and a clone begins a new one: choose another path for the clone, or continue the package with a copy or an upgrade`,
    { remedy: { do: 'continue_package', latest: name } },
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
): Promise<DraftContent> {
  const revision = await resolveUpstream(ctx.db, source.upstream)
  const upstream = upstreamOf(revision)
  try {
    const { resources, executables } = await readLayer(ctx, revision)
    const note = { packagePath: target.package, upstream }
    const changed = await changedFiles(ctx, target, { resources, note, setters: source.setters })
    const content =
      changed.size === 0
        ? await shareContent(ctx, target, revision)
        : await packContent(ctx, target, { resources: new Map([...resources, ...changed]), executables })
    return { ...content, upstream }
  } catch (error) {
    // A deletion of the upstream explains the error better.
    await checkStillPublished(ctx.db, upstream)
    throw error
  }
}

async function changedFiles(
  ctx: ServiceContext,
  target: PackageId,
  request: CloneRequest,
): Promise<Resources> {
  const resources = changeableFiles(request)
  if (resources.size === 0) return resources
  const changed = await ctx.clone({ ...request, resources }, ociRepository(target))
  if (!('problem' in changed)) return changed
  throw new AppError('invalid', `the setters cannot be applied: ${changed.problem}`)
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
