import type { Logger } from 'pino'

/** How often it is asked which repositories are due, in milliseconds. */
const INTERVAL = 5000

/** Has what is due looked through, one round after the other. Returns how to stop it. */
export function scheduleDiscovery(syncDue: () => Promise<void>, log: Logger): () => void {
  let timer: NodeJS.Timeout | undefined
  let stopped = false
  const run = async (): Promise<void> => {
    await syncDue().catch((err) => log.error({ err }, 'sources were not looked through'))
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
