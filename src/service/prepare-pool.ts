import { availableParallelism } from 'node:os'
import { Piscina } from 'piscina'
import type { Prepare } from './prepare.ts'

/** Threads that pack and validate, so that whoever only asks for a manifest does not wait for it. */
export type PreparePool = { prepare: Prepare; close: () => Promise<void> }

/** A thread for each processor but the one that serves; the first starts with the first task. */
export function createPreparePool(): PreparePool {
  const pool = new Piscina({
    filename: new URL('./prepare-worker.ts', import.meta.url).href,
    minThreads: 1,
    maxThreads: Math.max(1, availableParallelism() - 1),
    concurrentTasksPerWorker: 1,
  })
  return {
    prepare: (resources) => pool.run(resources, { name: 'prepareResources' }),
    close: () => pool.close(),
  }
}
