import { withCondition } from '../../domain/conditions.ts'
import { deletionProposedCondition } from '../../domain/decision.ts'
import { ociRepository } from '../../domain/names.ts'
import type { PackageRevision } from '../../domain/package-revision.ts'
import type { Actor } from '../access/actor.ts'
import { revisionEvent } from '../audit/revision-event.ts'
import { recordProposal } from '../authors.ts'
import { replaceRow } from '../change-revision.ts'
import type { ServiceContext } from '../context.ts'
import { decide } from '../intents.ts'
import { pushRecord } from '../registry-content.ts'
import { deletionProposal, tagRecord } from './deletion-records.ts'
import { type ReviewOptions, withReview } from './review.ts'

/** Published to DeletionProposed. The artifact stays as it is: the proposal is recorded beside it. */
export async function proposeDeletion(
  ctx: ServiceContext,
  actor: Actor,
  name: string,
  options: ReviewOptions = {},
): Promise<PackageRevision> {
  return withReview(ctx, actor, name, 'propose-deletion', options, async ({ current, decision }) => {
    const { revision } = current
    const repository = ociRepository(revision)
    const record = deletionProposal(revision, decision)
    await pushRecord(ctx, repository, record.packed)
    const { reason } = decision
    return decide(ctx, actor, repository, async (transaction) => {
      const result = await replaceRow(transaction, current, {
        ...revision,
        lifecycle: 'DeletionProposed',
        conditions: withCondition(revision.conditions, deletionProposedCondition(decision)),
        updatedAt: decision.at,
        deletionProposal: decision,
      })
      await recordProposal(transaction, actor, name)
      return {
        result,
        operations: [tagRecord(record)],
        event: revisionEvent({ type: 'revision.deletion_proposed', reason }, revision, result),
      }
    })
  })
}
