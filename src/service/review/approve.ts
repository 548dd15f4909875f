import { withCondition } from '../../domain/conditions.ts'
import { approvedCondition } from '../../domain/decision.ts'
import type { PackageRevision } from '../../domain/package-revision.ts'
import type { Actor } from '../access/actor.ts'
import type { ServiceContext } from '../context.ts'
import { checkDeclares } from '../version-rules.ts'
import { deleteRevision } from './delete-package-revision.ts'
import { publish } from './publish.ts'
import { checkGates, type Review, type ReviewOptions, withReview } from './review.ts'

/** Proposed to Published, or DeletionProposed to deleted. Resolves to the revision as it is, or last was. */
export async function approve(
  ctx: ServiceContext,
  actor: Actor,
  name: string,
  options: ReviewOptions = {},
): Promise<PackageRevision> {
  return withReview(ctx, actor, name, 'approve', options, async (review) =>
    review.next === 'deleted'
      ? deleteRevision(ctx, review.current, review.decision)
      : approveProposal(ctx, review),
  )
}

async function approveProposal(
  ctx: ServiceContext,
  { actor, current, decision }: Review,
): Promise<PackageRevision> {
  const { revision: proposed, package: state } = current
  checkGates(proposed)
  checkDeclares(state, proposed)
  const { artifact, ...content } = proposed
  const conditions = withCondition(content.conditions, approvedCondition('Approved', decision))
  return publish(ctx, {
    package: state,
    replaces: proposed,
    revision: { ...content, layer: artifact, conditions, review: decision },
    actor,
    at: decision.at,
    reason: decision.reason,
  })
}
