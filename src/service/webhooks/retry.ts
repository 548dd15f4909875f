/** When a delivery that has failed is tried again, in milliseconds. */
const FIRST_DELAY = 5000
const LONGEST_DELAY = 60 * 60 * 1000
const TRIED_FOR = 24 * 60 * 60 * 1000

/** Until when a delivery is tried. */
export function giveUpAt(now: Date): string {
  return new Date(now.getTime() + TRIED_FOR).toISOString()
}

/** Twice as long each time, up to an hour; by chance a little more or less, so that not all come back at once. */
export function retryDelay(attempts: number, first = FIRST_DELAY): number {
  const delay = Math.min(first * 2 ** Math.min(attempts - 1, 30), LONGEST_DELAY)
  return delay * (0.75 + Math.random() / 2)
}
