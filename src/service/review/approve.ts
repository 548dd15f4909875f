import { AppError } from '../../core/errors.ts'
import type { Transaction } from '../../database/connection.ts'
import { withCondition } from '../../domain/conditions.ts'
import { approvedCondition, deletionBypassedCondition } from '../../domain/decision.ts'
import type { PackageRevision } from '../../domain/package-revision.ts'
import type { ReviewState } from '../../domain/review/evaluate.ts'
import { policiesOf, type ReviewPolicy } from '../../domain/review/policy.ts'
import type { Actor } from '../access/actor.ts'
import type { ServiceContext } from '../context.ts'
import { checkDeclares } from '../version-rules.ts'
import { castVote, reviewState, type Voted } from './ballot.ts'
import { bypassReview } from './bypass.ts'
import { changedPaths } from './changed-paths.ts'
import { deleteRevision } from './delete-package-revision.ts'
import { publish } from './publish.ts'
import { checkGates, type Review, type ReviewOptions, withReview } from './review.ts'

export type ApproveOptions = ReviewOptions & {
  /** Does without the votes that the policies ask for. */
  bypass?: boolean | undefined
}

/** A revision as it is, or last was. `review`: what the votes amount to, where a policy holds. */
export type Reviewed = { revision: PackageRevision; review?: ReviewState | undefined }

/** How a review comes to its end. `check` runs in the transaction that ends it. */
type Ending = { step: 'Approved' | 'Bypassed'; check: (transaction: Transaction) => Promise<void> }

/**
 * Proposed to Published, or DeletionProposed to deleted. Where a review policy holds, it is a vote, and only the one that
 * completes the review does so. Throws `invalid` without the digest that a vote needs, and `forbidden` for a vote that does
 * not count.
 */
export async function approve(
  ctx: ServiceContext,
  actor: Actor,
  name: string,
  options: ApproveOptions = {},
): Promise<Reviewed> {
  return withReview(ctx, actor, name, 'approve', options, async (review) => {
    const { revision, package: state } = review.current
    if (review.next !== 'deleted') {
      checkGates(revision)
      checkDeclares(state, revision)
    }
    const policies = policiesOf((await ctx.policyOf()).reviewPolicies, revision)
    const digest = policies.length === 0 ? undefined : requiredDigest(revision, options)
    if (options.bypass) return bypassed(ctx, review)
    return digest === undefined
      ? { revision: await unvoted(ctx, review) }
      : vote(ctx, review, policies, digest)
  })
}

/** Otherwise it would be about whatever is proposed by now. */
function requiredDigest({ name }: PackageRevision, { digest }: ApproveOptions): string {
  if (digest !== undefined) return digest
  throw new AppError(
    'invalid',
    `a review policy holds for ${name}: send the digest of the artifact that was reviewed with the approval`,
  )
}

async function unvoted(ctx: ServiceContext, review: Review): Promise<PackageRevision> {
  const { revision } = review.current
  return end(ctx, review, {
    step: 'Approved',
    check: async (transaction) => {
      const { reviewPolicies } = await ctx.policyOf(transaction)
      const [policy] = policiesOf(reviewPolicies, revision)
      if (!policy) return
      throw new AppError(
        'conflict',
        `the review policy ${policy.name} holds for ${revision.name} since a moment ago: approve it with its digest`,
      )
    },
  })
}

async function vote(
  ctx: ServiceContext,
  review: Review,
  policies: readonly ReviewPolicy[],
  digest: string,
): Promise<Reviewed> {
  const { actor, current, decision } = review
  const { revision } = current
  const voted = { revision, paths: await changedPaths(ctx, policies, revision) }
  const ballot = { verdict: 'approve', digest, reason: decision.reason } as const
  const given = await ctx.commits.run((transaction) => castVote(ctx, transaction, actor, voted, ballot))
  if (!given.complete) return { revision, review: given }
  try {
    const check = (transaction: Transaction) => requireComplete(ctx, transaction, voted)
    return { revision: await end(ctx, review, { step: 'Approved', check }), review: given }
  } catch (error) {
    if (!(error instanceof Incomplete)) throw error
    return { revision, review: error.state }
  }
}

/** The votes no longer suffice: a policy, an account or a right has changed since the last one was given. */
class Incomplete extends Error {
  readonly state: ReviewState

  constructor(state: ReviewState) {
    super('the review is not complete')
    this.state = state
  }
}

async function requireComplete(ctx: ServiceContext, transaction: Transaction, voted: Voted): Promise<void> {
  const state = await reviewState(transaction, await ctx.policyOf(transaction), voted, ctx.now())
  if (!state.complete) throw new Incomplete(state)
}

async function bypassed(ctx: ServiceContext, review: Review): Promise<Reviewed> {
  const check = (transaction: Transaction) => bypassReview(ctx, transaction, review)
  return { revision: await end(ctx, review, { step: 'Bypassed', check }) }
}

async function end(ctx: ServiceContext, review: Review, { step, check }: Ending): Promise<PackageRevision> {
  const { actor, current, decision } = review
  const { artifact, ...content } = current.revision
  if (review.next === 'deleted') {
    const condition = step === 'Bypassed' ? deletionBypassedCondition(decision) : undefined
    return deleteRevision(ctx, current, decision, { check, condition })
  }
  const conditions = withCondition(content.conditions, approvedCondition(step, decision))
  return publish(ctx, {
    package: current.package,
    replaces: current.revision,
    revision: { ...content, layer: artifact, conditions, review: decision },
    actor,
    at: decision.at,
    reason: decision.reason,
    check,
  })
}
