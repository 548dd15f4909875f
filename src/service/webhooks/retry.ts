/** The delays before retries of a delivery, and the time after which it is given up, in milliseconds. */
const FIRST_DELAY = 5000
const LONGEST_DELAY = 60 * 60 * 1000
const TRIED_FOR = 24 * 60 * 60 * 1000

/** Returns the time after which a delivery is not retried. */
export function giveUpAt(now: Date): string {
  return new Date(now.getTime() + TRIED_FOR).toISOString()
}

/** Returns the delay after a number of attempts: exponential backoff up to an hour, with jitter. */
export function retryDelay(attempts: number, first = FIRST_DELAY): number {
  const delay = Math.min(first * 2 ** Math.min(attempts - 1, 30), LONGEST_DELAY)
  return delay * (0.75 + Math.random() / 2)
}
