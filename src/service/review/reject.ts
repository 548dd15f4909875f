import { withCondition, withoutCondition } from '../../domain/conditions.ts'
import { approvedCondition } from '../../domain/decision.ts'
import { ociRepository } from '../../domain/names.ts'
import type { PackageRevision } from '../../domain/package-revision.ts'
import { deletionProposedTag } from '../../domain/tags.ts'
import type { Actor } from '../access/actor.ts'
import { revisionEvent } from '../audit/revision-event.ts'
import { replaceRow, saveRevision } from '../change-revision.ts'
import type { ServiceContext } from '../context.ts'
import { decide } from '../intents.ts'
import { pushRecord } from '../registry-content.ts'
import { deletionRejection, tagRecord } from './deletion-records.ts'
import { type Review, type ReviewOptions, withReview } from './review.ts'

/** Proposed back to Draft, or DeletionProposed back to Published. */
export async function reject(
  ctx: ServiceContext,
  actor: Actor,
  name: string,
  options: ReviewOptions = {},
): Promise<PackageRevision> {
  return withReview(ctx, actor, name, 'reject', options, async (review) =>
    review.next === 'Draft' ? rejectProposal(ctx, review) : rejectDeletion(ctx, review),
  )
}

async function rejectProposal(
  ctx: ServiceContext,
  { actor, current, decision }: Review,
): Promise<PackageRevision> {
  const { conditions } = current.revision
  const { reason } = decision
  return saveRevision(ctx, { actor, type: 'revision.rejected', reason }, current, {
    lifecycle: 'Draft',
    conditions: withCondition(conditions, approvedCondition('Rejected', decision)),
    updatedAt: decision.at,
    proposedBy: null,
    proposedAt: null,
    proposedReason: null,
    review: decision,
  })
}

/** The manifest stays as it is: the rejection is recorded beside it. */
async function rejectDeletion(
  ctx: ServiceContext,
  { actor, current, decision }: Review,
): Promise<PackageRevision> {
  const { revision } = current
  const repository = ociRepository(revision)
  const record = deletionRejection(revision, decision)
  await pushRecord(ctx, repository, record.packed)
  const { reason } = decision
  return decide(ctx, actor, repository, async (transaction) => {
    const result = await replaceRow(transaction, current, {
      ...revision,
      lifecycle: 'Published',
      conditions: withoutCondition(revision.conditions, 'DeletionProposed'),
      updatedAt: decision.at,
      deletionProposal: null,
      deletionRejection: decision,
    })
    return {
      result,
      operations: [tagRecord(record), { do: 'delete-tagged', tag: deletionProposedTag(revision.revision) }],
      event: revisionEvent({ type: 'revision.deletion_rejected', reason }, revision, result),
    }
  })
}
