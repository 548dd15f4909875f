import type { Logger } from 'pino'

/** Milliseconds between looks for repositories that are due. */
const INTERVAL = 5000

/** Syncs repositories that are due, in rounds that never overlap. Returns the function that stops it. */
export function scheduleDiscovery(syncDue: () => Promise<void>, log: Logger): () => void {
  let timer: NodeJS.Timeout | undefined
  let stopped = false
  const run = async (): Promise<void> => {
    await syncDue().catch((err) => log.error({ err }, 'repositories could not be synced with their sources'))
    if (!stopped) next()
  }
  const next = (): void => {
    timer = setTimeout(run, INTERVAL)
    timer.unref()
  }
  next()
  return () => {
    stopped = true
    clearTimeout(timer)
  }
}
