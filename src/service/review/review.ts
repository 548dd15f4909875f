/** Shared by the verbs of the lifecycle. */
import { AppError } from '../../core/errors.ts'
import { closedGates } from '../../domain/conditions.ts'
import type { Decision } from '../../domain/decision.ts'
import { type Lifecycle, transition, type Verb } from '../../domain/lifecycle.ts'
import type { PackageRevision } from '../../domain/package-revision.ts'
import type { Actor } from '../access/actor.ts'
import { type Current, withRevision } from '../change-revision.ts'
import type { ServiceContext } from '../context.ts'
import type { Precondition } from '../precondition.ts'

export type ReviewOptions = {
  precondition?: Precondition
  reason?: string | undefined
  /** Digest of the artifact that was reviewed: nothing is decided about another one. */
  digest?: string | undefined
}

export type Review = {
  actor: Actor
  current: Current
  decision: Decision
  /** The state that the verb leads to. */
  next: Lifecycle | 'deleted'
}

/**
 * Runs a verb of the lifecycle on a revision, holding the lock of its package, if its state and the options allow it.
 * Throws `not_found`, `wrong_lifecycle` and `precondition_failed`.
 */
export async function withReview<T>(
  ctx: ServiceContext,
  actor: Actor,
  name: string,
  verb: Verb,
  options: ReviewOptions,
  work: (review: Review) => Promise<T>,
): Promise<T> {
  return withRevision(ctx, actor, name, options.precondition, async (current) => {
    const next = transition(name, current.revision.lifecycle, verb)
    checkDigest(current.revision, options)
    return work({ actor, current, next, decision: decisionOf(ctx, actor, options.reason) })
  })
}

export function decisionOf(ctx: ServiceContext, actor: Actor, reason: string | null = null): Decision {
  return { by: actor.name, at: ctx.now().toISOString(), reason }
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
