/** Waiting for a condition: a fixed sleep is too long on a quiet machine and too short on a busy one. */
import { setTimeout } from 'node:timers/promises'

/** Waits until a condition holds. The time-out of the test is the only limit. */
export async function until(holds: () => unknown): Promise<void> {
  while (!(await holds())) await setTimeout(5)
}

/** Waits until the clock shows another millisecond. */
export function nextMillisecond(): Promise<void> {
  const now = Date.now()
  return until(() => Date.now() > now)
}
