import { layerReference } from '../../artifact/package-manifest.ts'
import { indexContents } from '../../database/contents/contents.ts'
import { withCondition } from '../../domain/conditions.ts'
import { mergedCondition, type RevisionConflict } from '../../domain/merge/revision-conflict.ts'
import { ociRepository } from '../../domain/names.ts'
import type { PackageRevision } from '../../domain/package-revision.ts'
import type { Resources } from '../../domain/resources.ts'
import { validCondition } from '../../domain/validation/validate.ts'
import { type Current, saveRevision } from '../change-revision.ts'
import type { ServiceContext } from '../context.ts'
import { pushLayer } from '../registry-content.ts'
import { withConflicts } from './record-conflicts.ts'

/** Writes the files of a Draft anew. `conflicts` are all that it has, where any of them has changed. */
export async function saveFiles(
  ctx: ServiceContext,
  current: Current,
  resources: Resources,
  conflicts?: readonly RevisionConflict[],
): Promise<PackageRevision> {
  const { revision } = current
  const { packed, findings, contents } = await ctx.prepare(resources)
  if (packed.layer.descriptor.digest === revision.artifact.layerDigest && !conflicts) return revision
  await pushLayer(ctx, ociRepository(revision), packed)
  const conditions = withCondition(revision.conditions, validCondition(findings))
  const changed = conflicts && (await withConflicts(ctx, revision, conflicts))
  return saveRevision(
    ctx,
    current,
    {
      conditions: conflicts ? withCondition(conditions, mergedCondition(conflicts)) : conditions,
      fileCount: resources.size,
      layer: layerReference(packed),
      updatedAt: ctx.now().toISOString(),
    },
    {
      decide: async (transaction, saved) => {
        await indexContents(transaction, saved, contents)
        await changed?.decide(transaction, saved)
      },
      operations: changed?.operations ?? [],
    },
  )
}
