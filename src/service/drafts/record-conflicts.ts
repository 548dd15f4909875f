import { packRecord } from '../../artifact/record.ts'
import { replaceConflicts } from '../../database/package-revisions/conflicts.ts'
import type { RevisionConflict } from '../../domain/merge/revision-conflict.ts'
import { ociRepository, type RevisionId, revisionName } from '../../domain/names.ts'
import { conflictsTag } from '../../domain/tags.ts'
import type { Also } from '../change-revision.ts'
import type { ServiceContext } from '../context.ts'
import { pushRecord } from '../registry-content.ts'

/** Pushes the record of a revision's conflicts. Returns the changes to commit together with the revision. */
export async function recordConflicts(
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
