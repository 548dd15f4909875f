import { availableParallelism } from 'node:os'
import { Piscina } from 'piscina'
import { AppError } from '../../core/errors.ts'
import { doWork, type Outcome, TASK_NAMES, type Task, type Work } from './thread-tasks.ts'

/** The functions of `thread-work.ts`, done by somebody. */
export type Workers = {
  [Name in keyof Work]: (input: Parameters<Work[Name]>[0]) => Promise<ReturnType<Work[Name]>>
}

/** Threads that pack, validate, merge and compare, so that whoever only asks for a manifest does not wait for it. */
export type WorkPool = {
  workers: Workers
  /** How much work waits for a thread, and how much may. */
  queue: () => { waiting: number; most: number }
  /** What is under way fails. */
  close: () => Promise<void>
}

/** In milliseconds: how long a piece of work waited for a thread, and how long it took there. */
export type WorkTimes = { waited: number; worked: number }

export type WorkPoolOptions = {
  /** The longest that a caller waits, in milliseconds. */
  timeout?: number
  /** The most memory that a thread may use, in MiB. */
  memory?: number
  /** How many threads there are at most. */
  threads?: number
  /** How much work may wait for a thread. */
  maxQueue?: number
  /** Is told of failures that no caller hears of. */
  report: (error: unknown) => void
  /** Is told of work that has come to an end, whatever that is. */
  onWork?: (name: keyof Work, times: WorkTimes) => void
}

/** Ten times what the largest package takes. */
const TIMEOUT = 60_000
/** A thread keeps the memory that its largest package took: without work for so long, it ends. */
const IDLE_TIMEOUT = 60_000
/** Twice what the largest YAML file takes. Whoever needs more loses the thread, and not the process. */
const MEMORY = 1024
/** More than the requests that are let in at once have (`api/load-shedding.ts`): the rest are jobs. */
const MAX_QUEUE = 128

/** No pool at all, but this thread: for what does not serve others at the same time. */
export const IN_THIS_THREAD: WorkPool = {
  workers: workersOf(async (task) => doWork(task)),
  queue: () => ({ waiting: 0, most: 1 }),
  close: async () => undefined,
}

/** A thread for each processor but the one that serves: they start with the first work, and end without any. */
export function createWorkPool(options: WorkPoolOptions): WorkPool {
  const { timeout = TIMEOUT, maxQueue = MAX_QUEUE, onWork } = options
  const threads = options.threads ?? Math.max(1, availableParallelism() - 1)
  let underWay = 0
  const pool = new Piscina({
    filename: new URL('./thread-tasks.ts', import.meta.url).href,
    name: doWork.name,
    minThreads: 0,
    idleTimeout: IDLE_TIMEOUT,
    maxThreads: threads,
    concurrentTasksPerWorker: 1,
    resourceLimits: { maxOldGenerationSizeMb: options.memory ?? MEMORY },
  })
  pool.on('error', options.report)
  const workers = workersOf(async (task) => {
    if (underWay >= threads + maxQueue) throw tooMuch()
    const start = performance.now()
    underWay++
    try {
      const outcome: Outcome = await pool.run(task, { signal: AbortSignal.timeout(timeout) })
      const all = performance.now() - start
      onWork?.(task.name, { waited: Math.max(0, all - outcome.worked), worked: outcome.worked })
      return outcome
    } catch (error) {
      throw workError(error)
    } finally {
      underWay--
    }
  })
  return {
    workers,
    queue: () => ({ waiting: Math.max(0, underWay - threads), most: maxQueue }),
    close: () => pool.destroy(),
  }
}

function workersOf(run: (task: Task) => Promise<Outcome>): Workers {
  const worker = (name: keyof Work) => async (input: unknown) => {
    const outcome = await run({ name, input } as Task)
    if ('result' in outcome) return outcome.result
    const { code, message, ...facts } = outcome.failure
    throw new AppError(code, message, facts)
  }
  return Object.fromEntries(TASK_NAMES.map((name) => [name, worker(name)])) as Workers
}

function tooMuch(): AppError {
  return new AppError(
    'overloaded',
    'the server has too many packages to process. Nothing was changed; try again in a moment.',
  )
}

function workError(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  if (error.name === 'AbortError') {
    return new AppError(
      'unavailable',
      'processing the files took too long, or the server is overloaded. Nothing was changed; try again later, or with fewer or smaller files.',
      { cause: error },
    )
  }
  if ('code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY') {
    return new AppError(
      'too_large',
      'processing the files needs more memory than the server allows: use fewer or smaller YAML files',
      { cause: error },
    )
  }
  return error
}
