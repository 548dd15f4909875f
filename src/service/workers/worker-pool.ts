import { availableParallelism } from 'node:os'
import { currentClient } from '../../core/client.ts'
import { AppError } from '../../core/errors.ts'
import { FairQueue, type Turn } from '../../core/fair-queue.ts'
import { type Outcome, runTask, TASK_NAMES, type Task, type Tasks } from './tasks.ts'
import { Worker, WorkerEndedError } from './worker.ts'

/** The functions of `tasks.ts`, run by a worker. Those for one package wait for each other, and not for other packages. */
export type AsyncTasks = {
  [Name in keyof Tasks]: (
    input: Parameters<Tasks[Name]>[0],
    forPackage: string,
  ) => Promise<ReturnType<Tasks[Name]>>
}

/** Processes that pack, validate, merge and compare, so that cheap requests do not wait for expensive ones. */
export type WorkerPool = {
  tasks: AsyncTasks
  /** How many tasks are waiting for a worker, and how many may. */
  queue: () => { waiting: number; most: number }
  /** Ends the workers. Tasks in flight fail. */
  close: () => Promise<void>
}

/** Milliseconds that a task waited for a worker, and ran there. */
export type TaskTimes = { waited: number; worked: number }

export type WorkerPoolOptions = {
  /** Milliseconds that a task may take; its caller then gets `unavailable`. */
  timeout?: number
  /** Milliseconds that a task may wait for a worker; its caller then gets `overloaded`. */
  maxWait?: number
  /** Limit of a worker's heap, in MiB. */
  memory?: number
  /** The maximum number of workers. */
  workers?: number
  /** How many tasks may wait for a worker; more get `overloaded`. */
  maxQueue?: number
  /** Called with errors that no caller sees. */
  report: (error: unknown) => void
  /** Called when a task has returned. */
  onTask?: (name: keyof Tasks, times: TaskTimes) => void
}

/** Three times what the largest package takes. */
const TIMEOUT = 30_000
const MAX_WAIT = 60_000
/** Workers keep the memory of the largest package they had, so idle ones end. */
const IDLE_TIMEOUT = 60_000
/** Twice what the largest YAML file takes. A task that needs more ends its worker, and not the server. */
const MEMORY = 1024
/** More than the requests admitted at once can need (`http/load-shedding.ts`): the rest are jobs. */
const MAX_QUEUE = 128

/** Runs tasks in the calling thread, for commands and tests that serve no other requests meanwhile. */
export const IN_THIS_THREAD: WorkerPool = {
  tasks: tasksRunBy(async (task) => runTask(task)),
  queue: () => ({ waiting: 0, most: 1 }),
  close: async () => undefined,
}

/** A task that waits for a worker. */
type Waiting = { turn: Turn; enter: (worker: Worker) => void; fail: (error: AppError) => void }

/**
 * Creates a pool of one worker per processor, less one for serving, and at least two. Workers start with the first task,
 * and end when idle. No client has all of them.
 */
export function createWorkerPool(options: WorkerPoolOptions): WorkerPool {
  const { timeout = TIMEOUT, maxWait = MAX_WAIT, memory = MEMORY, maxQueue = MAX_QUEUE, onTask } = options
  const workers = options.workers ?? Math.max(2, availableParallelism() - 1)
  const queue = new FairQueue<Waiting>()
  /** Idle workers, the last used last, with the timers of their ends. */
  const idle = new Map<Worker, NodeJS.Timeout>()
  const busy = new Set<Worker>()
  /** The number of workers that each client has. */
  const held = new Map<string, number>()
  let closed = false

  const tasks = tasksRunBy(async (task, forPackage) => {
    const turn = { client: currentClient(), package: forPackage }
    const start = performance.now()
    const worker = await aWorker(turn)
    const waited = performance.now() - start
    const outcome = await runIn(worker, task, turn)
    onTask?.(task.name, { waited, worked: outcome.worked })
    return outcome
  })

  return {
    tasks,
    queue: () => ({ waiting: queue.size, most: maxQueue }),
    close: async () => {
      closed = true
      for (let next = queue.take(() => true); next; next = queue.take(() => true)) next.fail(closing())
      for (const timer of idle.values()) clearTimeout(timer)
      await Promise.all([...idle.keys(), ...busy].map((worker) => worker.end()))
    },
  }

  async function aWorker(turn: Turn): Promise<Worker> {
    if (closed) throw closing()
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        turn,
        enter: (worker) => {
          clearTimeout(timer)
          resolve(worker)
        },
        fail: (error) => {
          clearTimeout(timer)
          reject(error)
        },
      }
      const timer = setTimeout(() => {
        queue.delete(turn, waiting)
        reject(overloaded())
      }, maxWait)
      queue.add(turn, waiting)
      dispatch()
      if (queue.size <= maxQueue) return
      queue.delete(turn, waiting)
      waiting.fail(overloaded())
    })
  }

  /** Gives free workers to waiting tasks. */
  function dispatch(): void {
    while (busy.size < workers && !closed) {
      const next = queue.take(mayTake)
      if (!next) return
      const worker = takeIdle() ?? new Worker(memory)
      busy.add(worker)
      held.set(next.turn.client, (held.get(next.turn.client) ?? 0) + 1)
      next.enter(worker)
    }
  }

  /** The last worker is left to other clients. */
  function mayTake(client: string): boolean {
    return (held.get(client) ?? 0) < Math.max(1, workers - 1)
  }

  function takeIdle(): Worker | undefined {
    const last = [...idle].at(-1)
    if (!last) return undefined
    const [worker, timer] = last
    clearTimeout(timer)
    idle.delete(worker)
    return worker
  }

  async function runIn(worker: Worker, task: Task, turn: Turn): Promise<Outcome> {
    let late = false
    const timer = setTimeout(() => {
      late = true
      void worker.end()
    }, timeout)
    let usable = false
    try {
      const outcome = await worker.run(task)
      usable = true
      return outcome
    } catch (error) {
      if (late) throw tooSlow(error)
      if (closed) throw closing()
      if (!(error instanceof WorkerEndedError && error.outOfMemory)) options.report(error)
      throw error instanceof WorkerEndedError && error.outOfMemory ? tooLarge(error) : error
    } finally {
      clearTimeout(timer)
      busy.delete(worker)
      const left = (held.get(turn.client) ?? 1) - 1
      if (left > 0) held.set(turn.client, left)
      else held.delete(turn.client)
      if (usable && !closed) keep(worker)
      else await worker.end()
      dispatch()
    }
  }

  function keep(worker: Worker): void {
    const timer = setTimeout(() => {
      idle.delete(worker)
      void worker.end()
    }, IDLE_TIMEOUT)
    idle.set(worker, timer)
  }
}

function tasksRunBy(run: (task: Task, forPackage: string) => Promise<Outcome>): AsyncTasks {
  const taskNamed = (name: keyof Tasks) => async (input: unknown, forPackage: string) => {
    const outcome = await run({ name, input } as Task, forPackage)
    if ('result' in outcome) return outcome.result
    if ('error' in outcome) throw outcome.error
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

function closing(): AppError {
  return new AppError('unavailable', 'the server is stopping. Nothing was changed; try again in a moment.')
}

function tooSlow(cause: unknown): AppError {
  return new AppError(
    'unavailable',
    'processing the files took too long. Nothing was changed; try again later, or with fewer or smaller files.',
    { cause },
  )
}

function tooLarge(cause: unknown): AppError {
  return new AppError(
    'too_large',
    'processing the files needs more memory than the server allows: use fewer or smaller YAML files',
    { cause },
  )
}
