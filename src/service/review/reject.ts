import { packRecord } from '../../artifact/record.ts'
import { withCondition, withoutCondition } from '../../domain/conditions.ts'
import { ociRepository } from '../../domain/names.ts'
import type { PackageRevision } from '../../domain/package-revision.ts'
import { deletionProposedTag, deletionRejectedTag } from '../../domain/tags.ts'
import type { Actor } from '../access/actor.ts'
import { type Current, manifestDescriptor, replaceRow, saveRevision } from '../change-revision.ts'
import type { ServiceContext } from '../context.ts'
import { decide } from '../intents.ts'
import { pushRecord } from '../registry-content.ts'
import { approvedCondition, type ReviewOptions, withReview } from './review.ts'

/** Proposed back to Draft, or DeletionProposed back to Published. */
export async function reject(
  ctx: ServiceContext,
  actor: Actor,
  name: string,
  options: ReviewOptions = {},
): Promise<PackageRevision> {
  return withReview(ctx, name, 'reject', options, async (current, next) =>
    next === 'Draft'
      ? backToDraft(ctx, actor, current, options.reason)
      : keep(ctx, actor, current, options.reason),
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
    lifecycle: 'Draft',
    conditions: withCondition(revision.conditions, approvedCondition('False', 'Rejected', actor, reason)),
    updatedAt: ctx.now().toISOString(),
    proposedBy: null,
    proposedAt: null,
  })
}

/** The manifest stays as it is: when it was decided is recorded beside it. */
async function keep(
  ctx: ServiceContext,
  actor: Actor,
  current: Current,
  reason: string | undefined,
): Promise<PackageRevision> {
  const { revision } = current
  const repository = ociRepository(revision)
  const now = ctx.now().toISOString()
  const number = revision.revision
  const record = packRecord(
    'deletion-rejection',
    { revision: number, rejectedBy: actor.name, rejectedAt: now, reason: reason ?? null },
    manifestDescriptor(revision),
  )
  await pushRecord(ctx, repository, record)
  return decide(ctx, repository, async (transaction) => ({
    result: await replaceRow(transaction, current, {
      ...revision,
      lifecycle: 'Published',
      conditions: withoutCondition(revision.conditions, 'DeletionProposed'),
      updatedAt: now,
    }),
    operations: [
      { do: 'tag', descriptor: record.manifest.descriptor, tags: [deletionRejectedTag(number)] },
      { do: 'delete-tagged', tag: deletionProposedTag(number) },
    ],
  }))
}
