import { packRecord } from '../../artifact/record.ts'
import { withCondition } from '../../domain/conditions.ts'
import { ociRepository } from '../../domain/names.ts'
import type { PackageRevision } from '../../domain/package-revision.ts'
import { deletionProposedTag } from '../../domain/tags.ts'
import type { Actor } from '../access/actor.ts'
import { manifestDescriptor, replaceRow } from '../change-revision.ts'
import type { ServiceContext } from '../context.ts'
import { decide } from '../intents.ts'
import { pushRecord } from '../registry-content.ts'
import { deletionProposedCondition, type ReviewOptions, withReview } from './review.ts'

/** Published to DeletionProposed. The artifact stays as it is: the proposal is recorded beside it. */
export async function proposeDeletion(
  ctx: ServiceContext,
  actor: Actor,
  name: string,
  options: ReviewOptions = {},
): Promise<PackageRevision> {
  return withReview(ctx, name, 'propose-deletion', options, async (current) => {
    const { revision } = current
    const repository = ociRepository(revision)
    const now = ctx.now().toISOString()
    const record = packRecord(
      'deletion-proposal',
      {
        revision: revision.revision,
        proposedBy: actor.name,
        proposedAt: now,
        reason: options.reason ?? null,
      },
      manifestDescriptor(revision),
    )
    await pushRecord(ctx, repository, record)
    return decide(ctx, repository, async (transaction) => ({
      result: await replaceRow(transaction, current, {
        ...revision,
        lifecycle: 'DeletionProposed',
        conditions: withCondition(revision.conditions, deletionProposedCondition(actor, options.reason)),
        updatedAt: now,
      }),
      operations: [
        {
          do: 'tag',
          descriptor: record.manifest.descriptor,
          tags: [deletionProposedTag(revision.revision)],
        },
      ],
    }))
  })
}
