/** What the verbs of the lifecycle share. */
import { AppError } from '../../core/errors.ts'
import { type Condition, closedGates } from '../../domain/conditions.ts'
import { type Lifecycle, transition, type Verb } from '../../domain/lifecycle.ts'
import type { PackageRevision } from '../../domain/package-revision.ts'
import type { Actor } from '../access/actor.ts'
import { type Current, withRevision } from '../change-revision.ts'
import type { ServiceContext } from '../context.ts'
import type { Precondition } from '../precondition.ts'

export type ReviewOptions = {
  precondition?: Precondition
  /** Why: shown in the revision's conditions. */
  reason?: string | undefined
  /** The digest of the artifact that was looked at: of another one nothing is decided. */
  digest?: string | undefined
}

/**
 * Runs a verb of the lifecycle on a revision, alone with its package, where its state and the options let it.
 * `work` is told the state that comes next. Throws `not_found`, `wrong_lifecycle` and `precondition_failed`.
 */
export async function withReview(
  ctx: ServiceContext,
  name: string,
  verb: Verb,
  options: ReviewOptions,
  work: (current: Current, next: Lifecycle | 'deleted') => Promise<PackageRevision>,
): Promise<PackageRevision> {
  return withRevision(ctx, name, options.precondition, async (current) => {
    const next = transition(name, current.revision.lifecycle, verb)
    checkDigest(current.revision, options)
    return work(current, next)
  })
}

/** Throws `precondition_failed` where the artifact is not the one that was reviewed. */
function checkDigest({ name, artifact }: PackageRevision, { digest }: ReviewOptions): void {
  if (digest === undefined || digest === artifact.digest) return
  throw new AppError(
    'precondition_failed',
    `the artifact of ${name} now has the digest ${artifact.digest}, not ${digest}. Nothing was done; review it again.`,
  )
}

/** Throws `not_ready` while a readiness gate's condition is not True, naming each. */
export function checkGates({ name, readinessGates, conditions }: PackageRevision): void {
  const closed = closedGates(readinessGates, conditions)
  if (closed.length === 0) return
  const details = closed.map(({ conditionType, status, message }) => ({
    path: `conditions/${conditionType}`,
    message: `the condition ${conditionType} is ${status}, not True${message ? `: ${message}` : ''}`,
  }))
  const names = closed.map(({ conditionType }) => conditionType).join(', ')
  throw new AppError('not_ready', `${name} is not ready: these readiness gates are closed: ${names}`, {
    details,
  })
}

/** The condition that tells what became of a proposal. */
export function approvedCondition(
  status: Condition['status'],
  reason: 'Proposed' | 'Approved' | 'Rejected',
  actor: Actor,
  words: string | undefined,
): Condition {
  return { type: 'Approved', status, reason, message: signed(reason.toLowerCase(), actor, words) }
}

/** The condition of a revision whose deletion is proposed. */
export function deletionProposedCondition(actor: Actor, words: string | undefined): Condition {
  const type = 'DeletionProposed'
  return { type, status: 'True', reason: type, message: signed('proposed', actor, words) }
}

/** What was done, by whom, and why if they said so. */
function signed(deed: string, actor: Actor, words: string | undefined): string {
  return `${deed} by ${actor.name}${words ? `: ${words}` : ''}`
}
