/** Kills a server while clients write to it. */
import { setTimeout } from 'node:timers/promises'
import type { ServerProcess } from './process.ts'

/** Repeats the work until the server is gone. Rethrows other errors, such as failed assertions. */
export async function untilGone(work: () => Promise<void>): Promise<void> {
  try {
    for (;;) await work()
  } catch (error) {
    const cutOff = error instanceof TypeError && ['fetch failed', 'terminated'].includes(error.message)
    if (!cutOff) throw error
  }
}

/**
 * Kills a server `least` to `most` milliseconds after the workers have begun, and waits until these have noticed.
 */
export async function killAmid(
  server: ServerProcess,
  workers: Promise<void>[],
  begun: () => boolean,
  [least, most]: [least: number, most: number],
): Promise<void> {
  const working = Promise.all(workers)
  while (!begun()) await Promise.race([working, setTimeout(10)])
  await setTimeout(least + Math.random() * (most - least))
  await server.stop('SIGKILL')
  await working
}
