/** The new state of a delivery after an attempt. */
import type { AttemptRecord } from '../../database/webhooks/deliveries.ts'
import type { DueDelivery } from '../../domain/webhook.ts'
import type { Outcome } from './post.ts'
import { retryDelay } from './retry.ts'

type Result = Omit<AttemptRecord, 'duration'> & {
  /** Milliseconds since 1970. */
  pausedUntil: number | undefined
  /** The receiver wants no more requests at all. */
  gone: boolean
}

const GONE = 'the receiver answered 410 Gone, which ends the webhook: enable it to send events again'

export function resultOf(
  { attempts, giveUpAt }: Pick<DueDelivery, 'attempts' | 'giveUpAt'>,
  outcome: Outcome,
  { now, firstDelay }: { now: Date; firstDelay?: number | undefined },
): Result {
  const base = { pausedUntil: undefined, gone: false, nextAttempt: null }
  if ('error' in outcome) {
    const next = now.getTime() + retryDelay(attempts + 1, firstDelay)
    return { ...base, statusCode: null, error: outcome.error, ...retried(next, giveUpAt) }
  }
  const { statusCode } = outcome
  if (statusCode >= 200 && statusCode < 300) return { ...base, statusCode, error: null, state: 'Delivered' }
  if (statusCode === 410) return { ...base, statusCode, error: GONE, state: 'GivenUp', gone: true }
  const pausedUntil = pauseOf(outcome, now, giveUpAt)
  const next = Math.max(now.getTime() + retryDelay(attempts + 1, firstDelay), pausedUntil ?? 0)
  return { ...base, statusCode, error: null, pausedUntil, ...retried(next, giveUpAt) }
}

/** The last attempt is when the delivery is given up, even if the receiver asks for more time. */
function pauseOf(
  outcome: Exclude<Outcome, { error: string }>,
  now: Date,
  giveUpAt: string,
): number | undefined {
  const { statusCode, retryAfter } = outcome
  if ((statusCode !== 429 && statusCode !== 503) || retryAfter === undefined) return undefined
  return Math.min(now.getTime() + retryAfter, Math.max(now.getTime(), Date.parse(giveUpAt)))
}

function retried(at: number, giveUpAt: string): Pick<Result, 'state' | 'nextAttempt'> {
  const next = new Date(at).toISOString()
  return next > giveUpAt ? { state: 'GivenUp', nextAttempt: null } : { state: 'Pending', nextAttempt: next }
}
