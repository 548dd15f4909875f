import { transition } from '../../domain/lifecycle.ts'
import { ociRepository } from '../../domain/names.ts'
import type { FilesPatch, NewFiles, Upload } from '../../domain/package-files.ts'
import type { PackageRevision } from '../../domain/package-revision.ts'
import type { Actor } from '../access/actor.ts'
import { type Current, withRevision } from '../change-revision.ts'
import type { ServiceContext } from '../context.ts'
import { fileRules } from '../package-rules.ts'
import type { Precondition } from '../precondition.ts'
import { packedFiles } from '../registry-content.ts'
import type { PackedResources } from '../workers/pack-resources.ts'
import { conflictsAfterEdit } from './conflicts.ts'
import { saveFiles } from './save-files.ts'

/** Replaces all files of a Draft. */
export async function replaceResources(
  ctx: ServiceContext,
  actor: Actor,
  name: string,
  files: NewFiles,
  precondition: Precondition,
): Promise<PackageRevision> {
  return withRevision(ctx, actor, name, precondition, async (current) => {
    transition(name, current.revision.lifecycle, 'edit')
    const input = { files, ...(await fileRules(ctx, current.revision)) }
    return saveEdited(ctx, actor, current, await ctx.prepare(input, ociRepository(current.revision)))
  })
}

/** Adds, replaces and changes files of a Draft, and deletes those whose change is null. */
export async function changeResources(
  ctx: ServiceContext,
  actor: Actor,
  name: string,
  patch: FilesPatch | Upload,
  precondition: Precondition,
): Promise<PackageRevision> {
  return withRevision(ctx, actor, name, precondition, async (current) => {
    transition(name, current.revision.lifecycle, 'edit')
    const input = async () => {
      const before = await packedFiles(ctx, current.revision)
      return { before, patch, ...(await fileRules(ctx, current.revision)) }
    }
    return saveEdited(ctx, actor, current, await ctx.patch(input, ociRepository(current.revision)))
  })
}

/** Saves files and resolves the conflicts whose fields or files were edited. */
async function saveEdited(
  ctx: ServiceContext,
  actor: Actor,
  current: Current,
  files: PackedResources,
): Promise<PackageRevision> {
  const change = { actor, type: 'revision.edited', details: { fields: 'files' } } as const
  return saveFiles(ctx, change, current, files, await conflictsAfterEdit(ctx, current.revision, files))
}
