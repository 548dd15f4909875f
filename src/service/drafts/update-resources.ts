import { unpackUpload } from '../../artifact/layer.ts'
import { transition } from '../../domain/lifecycle.ts'
import {
  type FilesPatch,
  type NewFiles,
  type PackageFiles,
  patchFiles,
  patchOf,
  type Upload,
} from '../../domain/package-files.ts'
import type { PackageRevision } from '../../domain/package-revision.ts'
import { checkResources } from '../../domain/resources.ts'
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
  files: NewFiles,
  precondition: Precondition,
): Promise<PackageRevision> {
  if ('resources' in files) checkResources(files.resources, ctx.limits)
  return withRevision(ctx, name, precondition, async (current) => {
    transition(name, current.revision.lifecycle, 'edit')
    return saveEdited(ctx, current, files, () => readLayer(ctx, current.revision))
  })
}

/** Adds, replaces and changes files of a Draft, and deletes those whose change is null. */
export async function changeResources(
  ctx: ServiceContext,
  name: string,
  change: FilesPatch | Upload,
  precondition: Precondition,
): Promise<PackageRevision> {
  return withRevision(ctx, name, precondition, async (current) => {
    transition(name, current.revision.lifecycle, 'edit')
    const before = await readLayer(ctx, current.revision)
    const patch = 'archive' in change ? patchOf(await unpackUpload(change)) : change
    const files = patchFiles(before, patch)
    checkResources(files.resources, ctx.limits)
    return saveEdited(ctx, current, files, async () => before)
  })
}

/** Saves files and resolves the conflicts whose fields or files were edited. */
async function saveEdited(
  ctx: ServiceContext,
  current: Current,
  files: NewFiles,
  before: () => Promise<PackageFiles>,
): Promise<PackageRevision> {
  return saveFiles(ctx, current, files, await conflictsAfterEdit(ctx, current.revision, before, files))
}
