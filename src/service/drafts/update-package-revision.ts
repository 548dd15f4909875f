import { isDeepStrictEqual } from 'node:util'
import { type Condition, type ReadinessGate, replaceClientConditions } from '../../domain/conditions.ts'
import { transition } from '../../domain/lifecycle.ts'
import type { PackageRevision } from '../../domain/package-revision.ts'
import type { Actor } from '../access/actor.ts'
import { saveRevision, withRevision } from '../change-revision.ts'
import type { ServiceContext } from '../context.ts'
import { type LabelsPatch, mergeLabels } from '../merge-patch.ts'
import { checkMetadata } from '../metadata.ts'
import type { Precondition } from '../precondition.ts'
import { checkVersion } from '../version-rules.ts'

/** A JSON merge patch (RFC 7396): undefined keeps a field, null resets it. */
export type MetadataPatch = {
  labels?: LabelsPatch
  annotations?: LabelsPatch
  version?: string | null | undefined
  readinessGates?: readonly ReadinessGate[] | null | undefined
  conditions?: readonly Condition[] | null | undefined
}

/**
 * Updates the metadata of a Draft. Conditions may change while Proposed, because the approval checks the gates again.
 */
export async function updatePackageRevision(
  ctx: ServiceContext,
  actor: Actor,
  name: string,
  patch: MetadataPatch,
  precondition: Precondition,
): Promise<PackageRevision> {
  return withRevision(ctx, actor, name, precondition, async (current) => {
    const { revision } = current
    const { conditions, ...content } = patch
    const onlyConditions = Object.values(content).every((value) => value === undefined)
    if (!(onlyConditions && revision.lifecycle === 'Proposed')) transition(name, revision.lifecycle, 'edit')

    const changed = {
      labels: mergeLabels(revision.labels, patch.labels),
      annotations: mergeLabels(revision.annotations, patch.annotations),
      version: patch.version === undefined ? revision.version : patch.version,
      readinessGates:
        patch.readinessGates === undefined ? revision.readinessGates : (patch.readinessGates ?? []),
      conditions:
        conditions === undefined
          ? revision.conditions
          : replaceClientConditions(revision.conditions, conditions ?? []),
    }
    checkMetadata(changed)
    // An unchanged manifest keeps its digest.
    if (isDeepStrictEqual({ ...revision, ...changed }, revision)) return revision
    if (changed.version !== revision.version)
      await checkVersion(ctx.db, await ctx.visibilityOf(actor), current.package, { ...revision, ...changed })
    const fields = Object.entries(patch).flatMap(([field, value]) => (value === undefined ? [] : [field]))
    const told = {
      actor,
      content: !onlyConditions,
      type: 'revision.edited',
      details: { fields: fields.join(',') },
    } as const
    return saveRevision(ctx, told, current, { ...changed, updatedAt: ctx.now().toISOString() })
  })
}
