import { withCondition } from '../../domain/conditions.ts'
import type { PackageRevision } from '../../domain/package-revision.ts'
import type { Actor } from '../access/actor.ts'
import type { Current } from '../change-revision.ts'
import type { ServiceContext } from '../context.ts'
import { checkDeclares } from '../version-rules.ts'
import { deleteRevision } from './delete-package-revision.ts'
import { publish } from './publish.ts'
import { approvedCondition, checkGates, type ReviewOptions, withReview } from './review.ts'

/** Proposed to Published, or DeletionProposed to deleted. Resolves to the revision as it is, or last was. */
export async function approve(
  ctx: ServiceContext,
  actor: Actor,
  name: string,
  options: ReviewOptions = {},
): Promise<PackageRevision> {
  return withReview(ctx, name, 'approve', options, async (current, next) =>
    next === 'deleted' ? deleteRevision(ctx, current) : approveProposal(ctx, actor, current, options.reason),
  )
}

async function approveProposal(
  ctx: ServiceContext,
  actor: Actor,
  { revision: proposed, package: state }: Current,
  reason: string | undefined,
): Promise<PackageRevision> {
  checkGates(proposed)
  checkDeclares(state, proposed)
  const { artifact, ...content } = proposed
  const approved = approvedCondition('True', 'Approved', actor, reason)
  return publish(ctx, {
    package: state,
    replaces: proposed,
    revision: { ...content, layer: artifact, conditions: withCondition(content.conditions, approved) },
    publishedBy: actor.name,
    publishedAt: ctx.now().toISOString(),
  })
}
