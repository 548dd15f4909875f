import { availableParallelism } from 'node:os'
import { Piscina } from 'piscina'
import { AppError } from '../../core/errors.ts'
import { type Outcome, runTask, TASK_NAMES, type Task, type Tasks } from './thread-tasks.ts'

/** The functions of `thread-tasks.ts`, run by a thread. */
export type AsyncTasks = {
  [Name in keyof Tasks]: (input: Parameters<Tasks[Name]>[0]) => Promise<ReturnType<Tasks[Name]>>
}

/** Threads that pack, validate, merge and compare, so that cheap requests do not wait for expensive ones. */
export type ThreadPool = {
  tasks: AsyncTasks
  /** How many tasks are waiting for a thread, and how many may. */
  queue: () => { waiting: number; most: number }
  /** Ends the threads. Tasks in flight fail. */
  close: () => Promise<void>
}

/** Milliseconds that a task waited for a thread, and ran there. */
export type TaskTimes = { waited: number; worked: number }

export type ThreadPoolOptions = {
  /** Milliseconds until a caller gets `unavailable`. */
  timeout?: number
  /** Memory limit of a thread, in MiB. */
  memory?: number
  /** The maximum number of threads. */
  threads?: number
  /** How many tasks may wait for a thread; more get `overloaded`. */
  maxQueue?: number
  /** Called with errors that no caller sees. */
  report: (error: unknown) => void
  /** Called when a task has returned. */
  onTask?: (name: keyof Tasks, times: TaskTimes) => void
}

/** Ten times what the largest package takes. */
const TIMEOUT = 60_000
/** Threads keep the memory of the largest package they had, so idle ones end. */
const IDLE_TIMEOUT = 60_000
/** Twice what the largest YAML file takes. A task that needs more ends its thread, and not the process. */
const MEMORY = 1024
/** More than the requests admitted at once can need (`http/load-shedding.ts`): the rest are jobs. */
const MAX_QUEUE = 128

/** Runs tasks in the calling thread, for commands and tests that serve no other requests meanwhile. */
export const IN_THIS_THREAD: ThreadPool = {
  tasks: tasksRunBy(async (task) => runTask(task)),
  queue: () => ({ waiting: 0, most: 1 }),
  close: async () => undefined,
}

/** Creates one thread per processor, less one for serving. Threads start with the first task, and end when idle. */
export function createThreadPool(options: ThreadPoolOptions): ThreadPool {
  const { timeout = TIMEOUT, maxQueue = MAX_QUEUE, onTask } = options
  const threads = options.threads ?? Math.max(1, availableParallelism() - 1)
  let pending = 0
  const pool = new Piscina({
    filename: new URL('./thread-tasks.ts', import.meta.url).href,
    name: runTask.name,
    minThreads: 0,
    idleTimeout: IDLE_TIMEOUT,
    maxThreads: threads,
    concurrentTasksPerWorker: 1,
    resourceLimits: { maxOldGenerationSizeMb: options.memory ?? MEMORY },
  })
  pool.on('error', options.report)
  const tasks = tasksRunBy(async (task) => {
    if (pending >= threads + maxQueue) throw overloaded()
    const start = performance.now()
    pending++
    try {
      const outcome: Outcome = await pool.run(task, { signal: AbortSignal.timeout(timeout) })
      const all = performance.now() - start
      onTask?.(task.name, { waited: Math.max(0, all - outcome.worked), worked: outcome.worked })
      return outcome
    } catch (error) {
      throw toAppError(error)
    } finally {
      pending--
    }
  })
  return {
    tasks,
    queue: () => ({ waiting: Math.max(0, pending - threads), most: maxQueue }),
    close: () => pool.destroy(),
  }
}

function tasksRunBy(run: (task: Task) => Promise<Outcome>): AsyncTasks {
  const taskNamed = (name: keyof Tasks) => async (input: unknown) => {
    const outcome = await run({ name, input } as Task)
    if ('result' in outcome) return outcome.result
    const { code, message, ...facts } = outcome.failure
    throw new AppError(code, message, facts)
  }
  return Object.fromEntries(TASK_NAMES.map((name) => [name, taskNamed(name)])) as AsyncTasks
}

function overloaded(): AppError {
  return new AppError(
    'overloaded',
    'the server has too many packages to process. Nothing was changed; try again in a moment.',
  )
}

/** Translates the pool's errors. Others pass unchanged. */
function toAppError(error: unknown): unknown {
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
