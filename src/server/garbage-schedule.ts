import type { Logger } from 'pino'
import type { GarbageReport } from '../service/ports.ts'

/** The first collection comes after a part of this, by chance, so that servers that start together do not all collect. */
const FIRST_WITHIN = 60 * 60 * 1000
/** Timers know no more. */
const MAX_TIMER = 2 ** 31 - 1

/** Collects every so many milliseconds, one after the other, and logs what came of it. Returns how to stop it. */
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
      for (const { repository, reason } of skipped) log.warn({ repository, reason }, 'garbage not collected')
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
