import type { Logger } from 'pino'
import type { Metrics } from '../http/metrics.ts'
import type { Tracing } from '../http/tracing.ts'
import { createWorkerPool, type WorkerPool } from '../service/workers/worker-pool.ts'
import type { MemoryLimits } from './memory-limits.ts'

/** Starts the workers of a server, which measures and traces their tasks. */
export function startWorkers(
  log: Logger,
  { work }: Metrics,
  tracing: Tracing,
  { workers }: MemoryLimits,
): WorkerPool {
  return createWorkerPool({
    ...workers,
    report: (err) => log.error({ err }, 'a worker failed'),
    onTask: (task, { waited, worked }) => {
      work.workerWait.observe({ task }, waited / 1000)
      work.workerWork.observe({ task }, worked / 1000)
      tracing.record(`worker ${task}`, (waited + worked) / 1000, { waited: waited / 1000 })
    },
  })
}
