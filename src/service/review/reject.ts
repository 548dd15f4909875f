import type { Transaction } from '../../database/connection.ts'
import { withCondition, withoutCondition } from '../../domain/conditions.ts'
import { approvedCondition } from '../../domain/decision.ts'
import { ociRepository } from '../../domain/names.ts'
import type { PackageRevision } from '../../domain/package-revision.ts'
import { policiesOf } from '../../domain/review/policy.ts'
import { deletionProposedTag } from '../../domain/tags.ts'
import { type Actor, isPrincipal } from '../access/actor.ts'
import { revisionEvent } from '../audit/revision-event.ts'
import { replaceRow, saveRevision } from '../change-revision.ts'
import type { ServiceContext } from '../context.ts'
import { decide } from '../intents.ts'
import { pushRecord } from '../registry-content.ts'
import type { Reviewed } from './approve.ts'
import { castVote, proposalOf, recordRejection } from './ballot.ts'
import { deletionRejection, tagRecord } from './deletion-records.ts'
import { type Review, type ReviewOptions, withReview } from './review.ts'

/**
 * Proposed back to Draft, or DeletionProposed back to Published. Where all review policies ask for several rejections, it is
 * a vote; authors take their proposal back at once.
 */
export async function reject(
  ctx: ServiceContext,
  actor: Actor,
  name: string,
  options: ReviewOptions = {},
): Promise<Reviewed> {
  return withReview(ctx, actor, name, 'reject', options, async (review) => {
    const { revision } = review.current
    const policies = policiesOf((await ctx.policyOf()).reviewPolicies, revision)
    const byVotes = policies.length > 0 && policies.every(({ rejectionBlocks }) => !rejectionBlocks)
    if (byVotes && !(await isOwn(ctx, review))) {
      const ballot = {
        verdict: 'reject',
        digest: revision.artifact.digest,
        reason: review.decision.reason,
      } as const
      const voted = { revision, paths: 'all' } as const
      const state = await ctx.commits.run((transaction) => castVote(ctx, transaction, actor, voted, ballot))
      if (!state.complete) return { revision, review: state }
    }
    const record = (transaction: Transaction) =>
      policies.length > 0 ? recordRejection(ctx, transaction, review) : Promise.resolve()
    return {
      revision:
        review.next === 'Draft'
          ? await rejectProposal(ctx, review, record)
          : await rejectDeletion(ctx, review, record),
    }
  })
}

async function isOwn(ctx: ServiceContext, { actor, current: { revision } }: Review): Promise<boolean> {
  const { authors } = await proposalOf(ctx.db, { revision, paths: 'all' })
  return isPrincipal(actor) && authors.has(actor.principalId)
}

/** `record` runs in the transaction that decides. */
type Record = (transaction: Transaction) => Promise<void>

async function rejectProposal(
  ctx: ServiceContext,
  { actor, current, decision }: Review,
  record: Record,
): Promise<PackageRevision> {
  const { conditions } = current.revision
  const { reason } = decision
  const change = { actor, content: false, type: 'revision.rejected', reason } as const
  const changes = {
    lifecycle: 'Draft' as const,
    conditions: withCondition(conditions, approvedCondition('Rejected', decision)),
    updatedAt: decision.at,
    proposedBy: null,
    proposedAt: null,
    proposedReason: null,
    review: decision,
  }
  return saveRevision(ctx, change, current, changes, { decide: record, operations: [] })
}

/** The manifest stays as it is: the rejection is recorded beside it. */
async function rejectDeletion(
  ctx: ServiceContext,
  { actor, current, decision }: Review,
  record: Record,
): Promise<PackageRevision> {
  const { revision } = current
  const repository = ociRepository(revision)
  const rejection = deletionRejection(revision, decision)
  await pushRecord(ctx, repository, rejection.packed)
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
    await record(transaction)
    return {
      result,
      operations: [
        tagRecord(rejection),
        { do: 'delete-tagged', tag: deletionProposedTag(revision.revision) },
      ],
      event: revisionEvent({ type: 'revision.deletion_rejected', reason }, revision, result),
    }
  })
}
