import { AppError } from '../../core/errors.ts'
import { currentProposal } from '../../database/review/authors.ts'
import { votesOn } from '../../database/review/votes.ts'
import { isPublished } from '../../domain/lifecycle.ts'
import type { PackageRevision } from '../../domain/package-revision.ts'
import type { ReviewState, VoidReason } from '../../domain/review/evaluate.ts'
import { policiesOf } from '../../domain/review/policy.ts'
import { isPrincipal } from '../access/actor.ts'
import { type Caller, can } from '../access/policy.ts'
import { getRevision } from '../change-revision.ts'
import type { ServiceContext } from '../context.ts'
import { problemOfVote, reviewState } from './ballot.ts'
import { changedPaths } from './changed-paths.ts'

export type Review = ReviewState & {
  revision: PackageRevision
  /** Why a vote of the caller would not count; undefined if it would. */
  problem: VoidReason | 'not_proposed' | 'no_account' | undefined
}

/**
 * Resolves to each rule, how far it is met, and all votes. Votes on what is published already are not judged again. Throws
 * `not_found` for a caller who may not read drafts of the package: votes have reasons that are not for all readers.
 */
export async function showReview(
  ctx: ServiceContext,
  { policy, actor }: Caller,
  name: string,
): Promise<Review> {
  const revision = await getRevision(ctx.db, name)
  const target = { repository: revision.repository, package: revision.package }
  if (!can(policy, actor, 'draft.read', target).allowed) {
    throw new AppError('not_found', `there is no review of ${name}, or ${actor.name} may not read it`)
  }
  const open = revision.lifecycle === 'Proposed' || revision.lifecycle === 'DeletionProposed'
  if (!open && isPublished(revision.lifecycle)) {
    const number = await currentProposal(ctx.db, name)
    const votes = (await votesOn(ctx.db, name, number)).map((vote) => ({ ...vote, void: [] }))
    return { revision, rules: [], votes, complete: true, problem: 'not_proposed' }
  }
  const policies = policiesOf(policy.reviewPolicies, revision)
  const voted = { revision, paths: await changedPaths(ctx, policies, revision) }
  const mayReview = can(policy, actor, 'review', target).allowed
  const state = await reviewState(ctx.db, policy, voted, ctx.now())
  const problem = async (): Promise<Review['problem']> => {
    if (!open) return 'not_proposed'
    if (!mayReview) return 'no_right'
    if (policies.length === 0) return undefined
    return isPrincipal(actor) ? problemOfVote(ctx.db, policy, actor, voted, ctx.now()) : 'no_account'
  }
  return { ...(policies.length === 0 ? unruled(state) : state), revision, problem: await problem() }
}

/** Without a policy, any reviewer's approval is enough. */
function unruled(state: ReviewState): ReviewState {
  const rule = {
    policy: null,
    rule: 'approvals',
    group: null,
    pattern: null,
    count: 1,
    by: [],
    missing: 1,
  } as const
  return { ...state, rules: [{ ...rule, by: [] }], complete: false }
}
