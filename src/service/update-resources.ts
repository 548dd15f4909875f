import { withCondition } from '../package/conditions.ts'
import { transition } from '../package/lifecycle.ts'
import { ociRepository } from '../package/names.ts'
import type { PackageRevision } from '../package/package-revision.ts'
import { checkResources, patchResources, type Resources } from '../package/resources.ts'
import { validCondition } from '../package/validation/validate.ts'
import { type Current, newArtifact, saveRevision, withRevision } from './change-revision.ts'
import type { ServiceContext } from './context.ts'
import type { Precondition } from './precondition.ts'
import { pushLayer, readLayer } from './registry-content.ts'

/** Replaces all files of a Draft. */
export async function replaceResources(
  ctx: ServiceContext,
  name: string,
  resources: Resources,
  precondition: Precondition,
): Promise<PackageRevision> {
  checkResources(resources, ctx.limits)
  return withRevision(ctx, name, precondition, async (current) => {
    transition(name, current.revision.lifecycle, 'edit')
    return saveResources(ctx, current, resources)
  })
}

/** Adds, replaces and, where the content is null, deletes files of a Draft. */
export async function changeResources(
  ctx: ServiceContext,
  name: string,
  patch: ReadonlyMap<string, Uint8Array | null>,
  precondition: Precondition,
): Promise<PackageRevision> {
  return withRevision(ctx, name, precondition, async (current) => {
    transition(name, current.revision.lifecycle, 'edit')
    const resources = patchResources(await readLayer(ctx, current.revision), patch)
    checkResources(resources, ctx.limits)
    return saveResources(ctx, current, resources)
  })
}

async function saveResources(
  ctx: ServiceContext,
  current: Current,
  resources: Resources,
): Promise<PackageRevision> {
  const { revision } = current
  const { packed, findings } = await ctx.prepare(resources)
  if (packed.layer.descriptor.digest === revision.artifact.layerDigest) return revision
  await pushLayer(ctx, ociRepository(revision), packed)
  return saveRevision(ctx, current, {
    ...revision,
    conditions: withCondition(revision.conditions, validCondition(findings)),
    fileCount: resources.size,
    artifact: newArtifact(packed),
    updatedAt: ctx.now().toISOString(),
  })
}
