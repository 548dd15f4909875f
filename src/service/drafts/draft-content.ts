import { layerReference } from '../../artifact/package-manifest.ts'
import type { Contents } from '../../domain/contents.ts'
import type { RevisionConflict } from '../../domain/merge/revision-conflict.ts'
import { ociRepository, type PackageId } from '../../domain/names.ts'
import type { NewFiles } from '../../domain/package-files.ts'
import { checkResources } from '../../domain/resources.ts'
import { validCondition } from '../../domain/validation/validate.ts'
import type { UnpushedRevision } from '../change-revision.ts'
import type { ServiceContext } from '../context.ts'
import { pushLayer } from '../registry-content.ts'

/** The content of a new draft, made from its source: all of a revision but its identity. */
export type DraftContent = Pick<
  UnpushedRevision,
  'upstream' | 'labels' | 'annotations' | 'readinessGates' | 'conditions' | 'fileCount' | 'layer'
> & {
  /** The conflicts of an upgrade. */
  conflicts?: readonly RevisionConflict[]
  /** Missing for the layer of another revision, which is indexed already. */
  contents?: Contents
}

/** Packs files and pushes them as a layer. Throws `invalid` and `too_large`. */
export async function packContent(
  ctx: ServiceContext,
  target: PackageId,
  files: NewFiles,
): Promise<DraftContent> {
  if ('resources' in files) checkResources(files.resources, ctx.limits)
  const { packed: layer, fileCount, findings, contents } = await ctx.prepare(files, ociRepository(target))
  await pushLayer(ctx, ociRepository(target), layer)
  return {
    upstream: null,
    labels: {},
    annotations: {},
    readinessGates: [],
    conditions: [validCondition(findings)],
    fileCount,
    layer: layerReference(layer),
    contents,
  }
}
