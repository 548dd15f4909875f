import { layerReference } from '../../artifact/package-manifest.ts'
import type { Contents } from '../../domain/contents.ts'
import type { RevisionConflict } from '../../domain/merge/revision-conflict.ts'
import { ociRepository, type PackageId } from '../../domain/names.ts'
import type { NewFiles } from '../../domain/package-files.ts'
import type { PackageRevision } from '../../domain/package-revision.ts'
import { validCondition } from '../../domain/validation/validate.ts'
import type { UnpushedRevision } from '../change-revision.ts'
import type { ServiceContext } from '../context.ts'
import { fileRules } from '../package-rules.ts'
import { pushLayer } from '../registry-content.ts'
import type { PackedResources } from '../workers/pack-resources.ts'

/** The content of a new draft, made from its source: all of a revision but its identity. */
export type DraftContent = Pick<
  UnpushedRevision,
  'upstream' | 'labels' | 'annotations' | 'readinessGates' | 'conditions' | 'fileCount' | 'layer'
> & {
  /** The draft whose content it continues, with its authors. */
  continues?: PackageRevision
  /** The conflicts of an upgrade. */
  conflicts?: readonly RevisionConflict[]
  /** Missing for the layer of another revision, which is indexed already. */
  contents?: Contents
}

/** Packs files and pushes them as a layer. Throws `invalid`, `invalid_archive` and `too_large`. */
export async function packContent(
  ctx: ServiceContext,
  target: PackageId,
  files: NewFiles,
): Promise<DraftContent> {
  const input = { files, ...(await fileRules(ctx, target)) }
  return pushContent(ctx, target, await ctx.prepare(input, ociRepository(target)))
}

/** Pushes packed files. */
export async function pushContent(
  ctx: ServiceContext,
  target: PackageId,
  { packed: layer, fileCount, findings, contents }: PackedResources,
): Promise<DraftContent> {
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
