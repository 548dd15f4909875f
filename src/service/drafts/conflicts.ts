import { AppError } from '../../core/errors.ts'
import type { Reader } from '../../database/connection.ts'
import { conflictBytes, listConflicts } from '../../database/package-revisions/conflicts.ts'
import { conflictPlace, isOpen, type RevisionConflict } from '../../domain/merge/revision-conflict.ts'
import { ociRepository } from '../../domain/names.ts'
import type { PackageRevision } from '../../domain/package-revision.ts'
import { getRevision } from '../change-revision.ts'
import type { ServiceContext } from '../context.ts'
import { packedFiles, type TakeMemory } from '../registry-content.ts'
import type { PackedResources } from '../workers/pack-resources.ts'

/** Returns all conflicts of a revision, including resolved ones. Throws `not_found`. */
export async function conflictsOf(
  ctx: ServiceContext,
  name: string,
  take: TakeMemory,
): Promise<RevisionConflict[]> {
  await getRevision(ctx.db, name)
  take(await conflictBytes(ctx.db, name))
  return listConflicts(ctx.db, name)
}

/** Returns the conflicts of a Draft after an edit of its files; undefined if the edit resolves none. */
export async function conflictsAfterEdit(
  ctx: ServiceContext,
  revision: PackageRevision,
  { packed }: PackedResources,
): Promise<RevisionConflict[] | undefined> {
  const merged = revision.conditions.find(({ type }) => type === 'Merged')
  if (merged?.status !== 'False') return undefined
  const conflicts = await listConflicts(ctx.db, revision.name)
  const open = conflicts.filter(isOpen)
  const input = async () => ({
    conflicts: open,
    before: await packedFiles(ctx, revision),
    after: { layer: packed.layer.bytes },
    limits: ctx.limits,
  })
  const edited = new Set(await ctx.edited(input, ociRepository(revision)))
  if (edited.size === 0) return undefined
  return conflicts.map((conflict) =>
    edited.has(conflict.id) ? { ...conflict, resolution: 'edit' } : conflict,
  )
}

/** Throws `not_ready`, with the open conflicts as details. */
export async function checkMerged(db: Reader, { name, conditions }: PackageRevision): Promise<void> {
  const merged = conditions.find(({ type }) => type === 'Merged')
  if (!merged || merged.status === 'True') return
  const open = (await listConflicts(db, name)).filter(isOpen)
  throw new AppError(
    'not_ready',
    `${name} is not ready: ${merged.message}. Resolve each conflict, or edit the fields and files concerned.`,
    {
      remedy: { do: 'resolve_conflicts', revision: name },
      details: open.map((conflict) => ({
        path: conflict.path,
        message: `conflict ${conflict.id} is open: ${conflictPlace(conflict)}`,
      })),
    },
  )
}
