import { withCondition, withoutCondition } from '../package/conditions.ts'
import { ociRepository } from '../package/names.ts'
import type { PackageRevision } from '../package/package-revision.ts'
import { deletionProposedTag } from '../package/tags.ts'
import { type Current, replaceRow, saveRevision } from './change-revision.ts'
import type { Actor, ServiceContext } from './context.ts'
import { decide } from './intents.ts'
import { approvedCondition, type ReviewOptions, withReview } from './review.ts'

/** Proposed back to Draft, or DeletionProposed back to Published. */
export async function reject(
  ctx: ServiceContext,
  actor: Actor,
  name: string,
  options: ReviewOptions = {},
): Promise<PackageRevision> {
  return withReview(ctx, name, 'reject', options, async (current, next) =>
    next === 'Draft' ? backToDraft(ctx, actor, current, options.reason) : keep(ctx, current),
  )
}

async function backToDraft(
  ctx: ServiceContext,
  actor: Actor,
  current: Current,
  reason: string | undefined,
): Promise<PackageRevision> {
  const { revision } = current
  return saveRevision(ctx, current, {
    ...revision,
    lifecycle: 'Draft',
    conditions: withCondition(revision.conditions, approvedCondition('False', 'Rejected', actor, reason)),
    updatedAt: ctx.now().toISOString(),
    proposedBy: null,
    proposedAt: null,
  })
}

async function keep(ctx: ServiceContext, current: Current): Promise<PackageRevision> {
  const { revision } = current
  return decide(ctx, ociRepository(revision), async (transaction) => ({
    result: await replaceRow(transaction, current, {
      ...revision,
      lifecycle: 'Published',
      conditions: withoutCondition(revision.conditions, 'DeletionProposed'),
      updatedAt: ctx.now().toISOString(),
    }),
    operations: [{ do: 'delete-tagged', tag: deletionProposedTag(revision.revision) }],
  }))
}
