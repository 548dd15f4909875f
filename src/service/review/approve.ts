import { moveMark } from '../../database/package-revisions/package-revisions.ts'
import { recordPublication } from '../../database/repositories/packages.ts'
import { withCondition } from '../../domain/conditions.ts'
import { ociRepository } from '../../domain/names.ts'
import type { PackageRevision } from '../../domain/package-revision.ts'
import { draftTag } from '../../domain/tags.ts'
import type { Actor } from '../access/actor.ts'
import { type Current, pushRevision, replaceRow, tagOperation } from '../change-revision.ts'
import type { ServiceContext } from '../context.ts'
import { decide } from '../intents.ts'
import { checkDeclares } from '../version-rules.ts'
import { deleteRevision } from './delete-package-revision.ts'
import { holdersWithout, isHigherBuild } from './moving-tags.ts'
import { approvedCondition, checkGates, type ReviewOptions, withReview } from './review.ts'

/** Proposed to Published, or DeletionProposed to deleted. Resolves to the revision as it is, or last was. */
export async function approve(
  ctx: ServiceContext,
  actor: Actor,
  name: string,
  options: ReviewOptions = {},
): Promise<PackageRevision> {
  return withReview(ctx, name, 'approve', options, async (current, next) =>
    next === 'deleted' ? deleteRevision(ctx, current) : publish(ctx, actor, current, options.reason),
  )
}

async function publish(
  ctx: ServiceContext,
  actor: Actor,
  current: Current,
  reason: string | undefined,
): Promise<PackageRevision> {
  const { revision: proposed, package: state } = current
  checkGates(proposed)
  checkDeclares(state, proposed)
  const holders = await holdersWithout(ctx.db, state.id, proposed)
  const now = ctx.now().toISOString()
  const published = await pushRevision(
    ctx,
    {
      ...proposed,
      lifecycle: 'Published',
      revision: state.highestRevision + 1,
      latest: true,
      latestBuild: isHigherBuild(proposed.version, holders.latestBuild),
      conditions: withCondition(proposed.conditions, approvedCondition('True', 'Approved', actor, reason)),
      updatedAt: now,
      publishedBy: actor.name,
      publishedAt: now,
    },
    proposed.artifact,
  )
  return decide(ctx, ociRepository(proposed), async (transaction) => {
    const { revision, version } = published
    await recordPublication(transaction, state.id, { revision, versioned: version !== null })
    await moveMark(transaction, 'latest', holders.latest?.name, undefined)
    if (published.latestBuild)
      await moveMark(transaction, 'latest_build', holders.latestBuild?.name, undefined)
    return {
      result: await replaceRow(transaction, current, published),
      operations: [tagOperation(published), { do: 'untag', tags: [draftTag(proposed.workspace)] }],
    }
  })
}
