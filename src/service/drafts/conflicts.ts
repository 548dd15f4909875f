/** The conflicts of a draft that an upgrade has made: kept in the index, and in the registry beside the artifact. */
import { packRecord } from '../../artifact/record.ts'
import { AppError } from '../../core/errors.ts'
import { indexContents } from '../../database/contents/contents.ts'
import { listConflicts, replaceConflicts } from '../../database/package-revisions/conflicts.ts'
import type { Db } from '../../database/schema.ts'
import { withCondition } from '../../domain/conditions.ts'
import { transition } from '../../domain/lifecycle.ts'
import {
  conflictPlace,
  isOpen,
  mergedCondition,
  type RevisionConflict,
} from '../../domain/merge/revision-conflict.ts'
import type { Choice } from '../../domain/merge/settle-conflicts.ts'
import { ociRepository, type RevisionId, revisionName } from '../../domain/names.ts'
import type { PackageRevision } from '../../domain/package-revision.ts'
import { checkResources, type Resources } from '../../domain/resources.ts'
import { conflictsTag } from '../../domain/tags.ts'
import { validCondition } from '../../domain/validation/validate.ts'
import {
  type Also,
  type Current,
  getRevision,
  newArtifact,
  saveRevision,
  withRevision,
} from '../change-revision.ts'
import type { ServiceContext } from '../context.ts'
import type { Precondition } from '../precondition.ts'
import { pushLayer, pushRecord, readLayer } from '../registry-content.ts'

/** All conflicts of a revision, resolved ones too. Throws `not_found`. */
export async function conflictsOf(ctx: ServiceContext, name: string): Promise<RevisionConflict[]> {
  await getRevision(ctx.db, name)
  return listConflicts(ctx.db, name)
}

/**
 * Decides an open conflict, and writes the decision into the files of the Draft. Resolves to the conflict as it is
 * then. Throws `not_found`, `wrong_lifecycle`, `conflict` for one that is resolved, and `invalid`.
 */
export async function resolveConflict(
  ctx: ServiceContext,
  name: string,
  id: string,
  choice: Choice,
  precondition: Precondition,
): Promise<{ revision: PackageRevision; conflict: RevisionConflict }> {
  return withRevision(ctx, name, precondition, async (current) => {
    transition(name, current.revision.lifecycle, 'edit')
    const conflicts = await listConflicts(ctx.db, name)
    const conflict = conflicts.find((other) => other.id === id)
    if (!conflict) throw new AppError('not_found', `${name} has no conflict ${id}`)
    if (!isOpen(conflict)) {
      throw new AppError(
        'conflict',
        `conflict ${id} of ${name} is resolved already: edit the file to change it`,
      )
    }
    const resources = await readLayer(ctx, current.revision)
    const isUpstreams = 'choose' in choice && choice.choose === 'upstream'
    const upstream = isUpstreams ? await upstreamResources(ctx, current.revision) : new Map()
    const settled = await ctx.settle({ conflict, choice, resources, upstream })
    checkResources(settled, ctx.limits)
    const resolution = 'value' in choice ? 'value' : choice.choose
    const resolved = { ...conflict, resolution } as const
    const next = conflicts.map((other) => (other.id === id ? resolved : other))
    return { revision: await saveFiles(ctx, current, settled, next), conflict: resolved }
  })
}

async function upstreamResources(ctx: ServiceContext, { upstream }: PackageRevision): Promise<Resources> {
  return upstream ? readLayer(ctx, await getRevision(ctx.db, upstream.name)) : new Map()
}

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
      ...revision,
      conditions: conflicts ? withCondition(conditions, mergedCondition(conflicts)) : conditions,
      fileCount: resources.size,
      artifact: newArtifact(packed),
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

/** The conflicts of a Draft after an edit of its files; undefined where it has touched none that is open. */
export async function conflictsAfterEdit(
  ctx: ServiceContext,
  revision: PackageRevision,
  before: () => Promise<Resources>,
  after: Resources,
): Promise<RevisionConflict[] | undefined> {
  const merged = revision.conditions.find(({ type }) => type === 'Merged')
  if (merged?.status !== 'False') return undefined
  const conflicts = await listConflicts(ctx.db, revision.name)
  const open = conflicts.filter(isOpen)
  const edited = new Set(await ctx.edited({ conflicts: open, before: await before(), after }))
  if (edited.size === 0) return undefined
  return conflicts.map((conflict) =>
    edited.has(conflict.id) ? { ...conflict, resolution: 'edit' } : conflict,
  )
}

/** Throws `not_ready`, with each conflict that is open. */
export async function checkMerged(db: Db, { name, conditions }: PackageRevision): Promise<void> {
  const merged = conditions.find(({ type }) => type === 'Merged')
  if (!merged || merged.status === 'True') return
  const open = (await listConflicts(db, name)).filter(isOpen)
  throw new AppError(
    'not_ready',
    `${name} is not ready: ${merged.message}. Edit what they are about, or resolve each of them.`,
    {
      details: open.map((conflict) => ({
        path: conflict.path,
        message: `conflict ${conflict.id} is open: ${conflictPlace(conflict)}`,
      })),
    },
  )
}

/** Pushes the record of a revision's conflicts: what is to be decided with the revision. */
export async function withConflicts(
  ctx: ServiceContext,
  id: RevisionId,
  conflicts: readonly RevisionConflict[],
): Promise<Also> {
  const record = packRecord('conflicts', { workspace: id.workspace, conflicts: [...conflicts] })
  await pushRecord(ctx, ociRepository(id), record)
  return {
    decide: (transaction) => replaceConflicts(transaction, revisionName(id), conflicts),
    operations: [{ do: 'tag', descriptor: record.manifest.descriptor, tags: [conflictsTag(id.workspace)] }],
  }
}
