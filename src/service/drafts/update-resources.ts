import { transition } from '../../domain/lifecycle.ts'
import type { PackageRevision } from '../../domain/package-revision.ts'
import { checkResources, patchResources, type Resources } from '../../domain/resources.ts'
import { type Current, withRevision } from '../change-revision.ts'
import type { ServiceContext } from '../context.ts'
import type { Precondition } from '../precondition.ts'
import { readLayer } from '../registry-content.ts'
import { conflictsAfterEdit } from './conflicts.ts'
import { saveFiles } from './save-files.ts'

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
    return saveEdited(ctx, current, resources, () => readLayer(ctx, current.revision))
  })
}

/** Adds and replaces files of a Draft, and deletes those whose content is null. */
export async function changeResources(
  ctx: ServiceContext,
  name: string,
  patch: ReadonlyMap<string, Uint8Array | null>,
  precondition: Precondition,
): Promise<PackageRevision> {
  return withRevision(ctx, name, precondition, async (current) => {
    transition(name, current.revision.lifecycle, 'edit')
    const before = await readLayer(ctx, current.revision)
    const resources = patchResources(before, patch)
    checkResources(resources, ctx.limits)
    return saveEdited(ctx, current, resources, async () => before)
  })
}

/** Saves files and resolves the conflicts whose fields or files were edited. */
async function saveEdited(
  ctx: ServiceContext,
  current: Current,
  resources: Resources,
  before: () => Promise<Resources>,
): Promise<PackageRevision> {
  return saveFiles(
    ctx,
    current,
    resources,
    await conflictsAfterEdit(ctx, current.revision, before, resources),
  )
}
