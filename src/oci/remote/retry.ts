import type { Clock, RetryOptions } from './options.ts'
import { TransientError } from './transient-error.ts'

/** Retries idempotent work that fails with a `TransientError`, with exponential backoff. */
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

/** Adds jitter of up to half the delay, so that clients which failed together do not retry together. */
export function delayBefore(attempt: number, retryAfter: number | undefined, options: RetryOptions): number {
  const { firstDelay, maxDelay } = options
  if (retryAfter !== undefined) return Math.min(Math.max(retryAfter, firstDelay), maxDelay)
  const full = Math.min(firstDelay * 2 ** (attempt - 1), maxDelay)
  return full * (0.5 + Math.random() / 2)
}

/** Returns the milliseconds to wait by a Retry-After header, in seconds or as a date (RFC 9110, section 10.2.3). */
export function parseRetryAfter(header: string | null, now: number): number | undefined {
  const text = header?.trim() ?? ''
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000
  const date = /^[A-Za-z]{3,9},? /.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}
