import { AppError } from '../../core/errors.ts'
import { latestName } from '../../database/package-revisions/published.ts'
import type { Db } from '../../database/schema.ts'
import { type CloneRequest, filesToLookAt } from '../../domain/kpt/clone-resources.ts'
import type { Labels } from '../../domain/labels.ts'
import { ociRepository, type PackageId } from '../../domain/names.ts'
import type { PackageRevision } from '../../domain/package-revision.ts'
import type { Resources } from '../../domain/resources.ts'
import type { ServiceContext } from '../context.ts'
import { readLayer, shareLayer } from '../registry-content.ts'
import { type Origin, packed } from './draft-content.ts'
import {
  checkStillPublished,
  resolveUpstream,
  type UpstreamReference,
  upstreamOf,
} from './upstream-reference.ts'

export type CloneSource = { upstream: UpstreamReference; setters?: Labels | undefined }

/** Throws `already_exists` for a package that has revisions: a clone is how a package begins. */
export async function checkNewPackage(db: Db, target: PackageId): Promise<void> {
  const name = await latestName(db, target)
  if (name === undefined) return
  throw new AppError(
    'already_exists',
    `the package ${ociRepository(target)} exists already, and a clone makes a new one. To go on with it, make a draft with source {"copy": {"from": "${name}"}}; to take in a newer upstream, one with source {"upgrade": …}. For another clone choose another path.`,
  )
}

/**
 * The files of an upstream, with the package's name and its upstream in the Kptfile, and with values for setters. The
 * upstream's labels, annotations and readiness gates are about the upstream, and are not taken along.
 */
export async function cloned(ctx: ServiceContext, target: PackageId, source: CloneSource): Promise<Origin> {
  const revision = await resolveUpstream(ctx.db, source.upstream)
  const upstream = upstreamOf(revision)
  try {
    const resources = await readLayer(ctx, revision)
    const note = { packagePath: target.package, upstream }
    const changed = await changedFiles(ctx, { resources, note, setters: source.setters })
    const origin =
      changed.size === 0
        ? await shared(ctx, target, revision)
        : await packed(ctx, target, new Map([...resources, ...changed]))
    return { ...origin, upstream }
  } catch (error) {
    // What it stumbled over may be that the upstream is going.
    await checkStillPublished(ctx.db, upstream)
    throw error
  }
}

async function changedFiles(ctx: ServiceContext, request: CloneRequest): Promise<Resources> {
  const resources = filesToLookAt(request)
  if (resources.size === 0) return resources
  const changed = await ctx.clone({ ...request, resources })
  if (!('problem' in changed)) return changed
  throw new AppError('invalid', `source.clone.setters: ${changed.problem}`)
}

/** The same files are the same layer. */
async function shared(ctx: ServiceContext, target: PackageId, revision: PackageRevision): Promise<Origin> {
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
