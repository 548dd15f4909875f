import type { Clock, RetryOptions } from './options.ts'
import { TransientError } from './transient-error.ts'

/**
 * Does work again that failed with a `TransientError`, after growing pauses. The work has to be such that it can be
 * done twice.
 */
export async function retrying<T>(
  work: (attempt: number) => Promise<T>,
  options: RetryOptions,
  clock: Clock,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work(attempt)
    } catch (error) {
      if (!(error instanceof TransientError) || attempt >= options.attempts) throw error
      await clock.sleep(delayBefore(attempt, error.retryAfter, options))
    }
  }
}

/** Half of the pause is chance, so that clients which failed together do not come back together. */
export function delayBefore(attempt: number, retryAfter: number | undefined, options: RetryOptions): number {
  const { firstDelay, maxDelay } = options
  if (retryAfter !== undefined) return Math.min(Math.max(retryAfter, firstDelay), maxDelay)
  const full = Math.min(firstDelay * 2 ** (attempt - 1), maxDelay)
  return full * (0.5 + Math.random() / 2)
}

/** Milliseconds, of the seconds or the date in a Retry-After header (RFC 9110, section 10.2.3). */
export function parseRetryAfter(header: string | null, now: number): number | undefined {
  const text = header?.trim() ?? ''
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000
  const date = /^[A-Za-z]{3,9},? /.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}
