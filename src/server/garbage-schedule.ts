import type { Logger } from 'pino'
import type { GarbageReport } from '../service/ports.ts'

/** The first collection comes at a random moment within this, so that servers that start together do not all collect. */
const FIRST_WITHIN = 60 * 60 * 1000
/** The longest delay of a timer. */
const MAX_TIMER = 2 ** 31 - 1

/** Collects garbage every `interval` milliseconds and logs the outcome. Returns the function that stops it. */
export function scheduleGarbage(
  interval: number,
  collect: () => Promise<GarbageReport>,
  log: Logger,
): () => void {
  let timer: NodeJS.Timeout | undefined
  const run = async (): Promise<void> => {
    try {
      const { skipped, ...report } = await collect()
      log.info(report, 'garbage collected')
      for (const { repository, reason } of skipped)
        log.warn({ repository, reason }, 'garbage of a repository not collected')
    } catch (err) {
      log.error({ err }, 'garbage not collected')
    }
    next(interval)
  }
  const next = (milliseconds: number): void => {
    timer = setTimeout(run, Math.min(milliseconds, MAX_TIMER))
    timer.unref()
  }
  if (interval > 0) next(Math.random() * Math.min(interval, FIRST_WITHIN))
  return () => clearTimeout(timer)
}
