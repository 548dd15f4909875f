import type { Logger } from 'pino'

/** Milliseconds between looks for repositories that are due. */
const INTERVAL = 5000

/** Syncs repositories as they become due: one that takes long delays no others. Returns the function that stops it. */
export function scheduleDiscovery(syncDue: () => Promise<void>, log: Logger): () => void {
  const timer = setInterval(() => {
    syncDue().catch((err) => log.error({ err }, 'repositories could not be synced with their sources'))
  }, INTERVAL)
  timer.unref()
  return () => clearInterval(timer)
}
