import { layerReference } from '../../artifact/package-manifest.ts'
import type { Contents } from '../../domain/contents.ts'
import type { RevisionConflict } from '../../domain/merge/revision-conflict.ts'
import { ociRepository, type PackageId } from '../../domain/names.ts'
import { checkResources, type Resources } from '../../domain/resources.ts'
import { validCondition } from '../../domain/validation/validate.ts'
import type { UnpushedRevision } from '../change-revision.ts'
import type { ServiceContext } from '../context.ts'
import { pushLayer } from '../registry-content.ts'

/** What the source of a new draft gives: everything but the identity. */
export type Origin = Pick<
  UnpushedRevision,
  'upstream' | 'labels' | 'annotations' | 'readinessGates' | 'conditions' | 'fileCount' | 'layer'
> & {
  /** Those that an upgrade has found. */
  conflicts?: readonly RevisionConflict[]
  /** What is in the files, where they were looked through; files of another revision were before. */
  contents?: Contents
}

/** Packs and stores files. Throws `invalid` and `too_large`. */
export async function packed(ctx: ServiceContext, target: PackageId, resources: Resources): Promise<Origin> {
  checkResources(resources, ctx.limits)
  const { packed: layer, findings, contents } = await ctx.prepare(resources)
  await pushLayer(ctx, ociRepository(target), layer)
  return {
    upstream: null,
    labels: {},
    annotations: {},
    readinessGates: [],
    conditions: [validCondition(findings)],
    fileCount: resources.size,
    layer: layerReference(layer),
    contents,
  }
}
