import { layerReference } from '../../artifact/package-manifest.ts'
import { indexContents } from '../../database/contents/contents.ts'
import { withCondition } from '../../domain/conditions.ts'
import { mergedCondition, type RevisionConflict } from '../../domain/merge/revision-conflict.ts'
import { ociRepository } from '../../domain/names.ts'
import type { PackageRevision } from '../../domain/package-revision.ts'
import { validCondition } from '../../domain/validation/validate.ts'
import { type Change, type Current, saveRevision } from '../change-revision.ts'
import type { ServiceContext } from '../context.ts'
import { pushLayer } from '../registry-content.ts'
import type { PackedResources } from '../workers/pack-resources.ts'
import { recordConflicts } from './record-conflicts.ts'

/** Replaces the files of a Draft, and its conflicts if given. */
export async function saveFiles(
  ctx: ServiceContext,
  change: Change,
  current: Current,
  files: PackedResources,
  conflicts?: readonly RevisionConflict[],
): Promise<PackageRevision> {
  const { revision } = current
  const { packed, fileCount, findings, contents } = files
  if (packed.layer.descriptor.digest === revision.artifact.layerDigest && !conflicts) return revision
  await pushLayer(ctx, ociRepository(revision), packed)
  const conditions = withCondition(revision.conditions, validCondition(findings))
  const changed = conflicts && (await recordConflicts(ctx, revision, conflicts))
  return saveRevision(
    ctx,
    change,
    current,
    {
      conditions: conflicts ? withCondition(conditions, mergedCondition(conflicts)) : conditions,
      fileCount,
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
