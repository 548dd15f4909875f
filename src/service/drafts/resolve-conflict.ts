import { AppError } from '../../core/errors.ts'
import { listConflicts } from '../../database/package-revisions/conflicts.ts'
import { transition } from '../../domain/lifecycle.ts'
import { isOpen, type RevisionConflict } from '../../domain/merge/revision-conflict.ts'
import type { Choice } from '../../domain/merge/settle-conflicts.ts'
import { ociRepository } from '../../domain/names.ts'
import { NO_FILES } from '../../domain/package-files.ts'
import type { PackageRevision } from '../../domain/package-revision.ts'
import type { Actor } from '../access/actor.ts'
import { getRevision, withRevision } from '../change-revision.ts'
import type { ServiceContext } from '../context.ts'
import { fileRules } from '../package-rules.ts'
import type { Precondition } from '../precondition.ts'
import { packedFiles } from '../registry-content.ts'
import type { StoredFiles } from '../workers/package-tasks.ts'
import { saveFiles } from './save-files.ts'

/**
 * Resolves an open conflict, and writes the choice into the files of the Draft. Returns the resolved conflict. Throws
 * `not_found`, `wrong_lifecycle`, `conflict` for a conflict that is resolved already, and `invalid`.
 */
export async function resolveConflict(
  ctx: ServiceContext,
  actor: Actor,
  name: string,
  id: string,
  choice: Choice,
  precondition: Precondition,
): Promise<{ revision: PackageRevision; conflict: RevisionConflict }> {
  return withRevision(ctx, actor, name, precondition, async (current) => {
    transition(name, current.revision.lifecycle, 'edit')
    const conflicts = await listConflicts(ctx.db, name)
    const conflict = conflicts.find((other) => other.id === id)
    if (!conflict) throw new AppError('not_found', `${name} has no conflict ${id}`)
    if (!isOpen(conflict)) {
      throw new AppError('conflict', `conflict ${id} of ${name} is resolved already: edit the file instead`)
    }
    const isUpstreams = 'choose' in choice && choice.choose === 'upstream'
    const input = async () => ({
      conflict,
      choice,
      files: await packedFiles(ctx, current.revision),
      upstream: isUpstreams ? await upstreamFiles(ctx, current.revision) : NO_FILES,
      ...(await fileRules(ctx, current.revision)),
    })
    const settled = await ctx.settle(input, ociRepository(current.revision))
    const resolution = 'value' in choice ? 'value' : choice.choose
    const resolved = { ...conflict, resolution } as const
    const next = conflicts.map((other) => (other.id === id ? resolved : other))
    const change = {
      actor,
      type: 'revision.conflict_resolved',
      details: { conflict: id, resolution },
    } as const
    return { revision: await saveFiles(ctx, change, current, settled, next), conflict: resolved }
  })
}

async function upstreamFiles(ctx: ServiceContext, { upstream }: PackageRevision): Promise<StoredFiles> {
  return upstream ? packedFiles(ctx, await getRevision(ctx.db, upstream.name)) : NO_FILES
}
