import { availableParallelism } from 'node:os'
import { currentClient } from '../../core/client.ts'
import { AppError } from '../../core/errors.ts'
import { FairQueue, shareOf, type Turn } from '../../core/fair-queue.ts'
import { Tally } from '../../core/tally.ts'
import { type Outcome, runTask, TASK_NAMES, type Task, type Tasks } from './tasks.ts'
import { Worker, WorkerEndedError } from './worker.ts'

/**
 * The functions of `tasks.ts`, run by a worker. Those for one package wait for each other, and not for other packages.
 * Input that takes much memory is a function, which is called when there is a worker.
 */
export type AsyncTasks = {
  [Name in keyof Tasks]: (
    input: Parameters<Tasks[Name]>[0] | (() => Promise<Parameters<Tasks[Name]>[0]>),
    forPackage: string,
  ) => Promise<Awaited<ReturnType<Tasks[Name]>>>
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
  tasks: tasksRunBy(async (name, input) => runTask(await taskOf(name, input))),
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
  const held = new Tally()
  let closed = false

  const tasks = tasksRunBy(async (name, input, forPackage) => {
    const turn = { client: currentClient(), package: forPackage }
    const start = performance.now()
    const worker = await aWorker(turn)
    const waited = performance.now() - start
    const outcome = await runIn(worker, name, input, turn)
    onTask?.(name, { waited, worked: outcome.worked })
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
      if (queue.size <= maxQueue && queue.sizeOf(turn.client) <= shareOf(maxQueue)) return
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
      held.add(next.turn.client, 1)
      next.enter(worker)
    }
  }

  /** The last worker is left to other clients. */
  function mayTake(client: string): boolean {
    return held.of(client) < Math.max(1, workers - 1)
  }

  function takeIdle(): Worker | undefined {
    const last = [...idle].at(-1)
    if (!last) return undefined
    const [worker, timer] = last
    clearTimeout(timer)
    idle.delete(worker)
    return worker
  }

  async function runIn(worker: Worker, name: keyof Tasks, input: Input, { client }: Turn): Promise<Outcome> {
    let usable = true
    try {
      const task = await taskOf(name, input)
      usable = false
      const outcome = await inTime(worker, task)
      usable = true
      return outcome
    } finally {
      busy.delete(worker)
      held.add(client, -1)
      if (usable && !closed) keep(worker)
      else await worker.end()
      dispatch()
    }
  }

  async function inTime(worker: Worker, task: Task): Promise<Outcome> {
    let late = false
    const timer = setTimeout(() => {
      late = true
      void worker.end()
    }, timeout)
    try {
      return await worker.run(task)
    } catch (error) {
      if (late) throw tooSlow(error)
      if (closed) throw closing()
      if (!(error instanceof WorkerEndedError && error.outOfMemory)) options.report(error)
      throw error instanceof WorkerEndedError && error.outOfMemory ? tooLarge(error) : error
    } finally {
      clearTimeout(timer)
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

type Input = unknown | (() => Promise<unknown>)

async function taskOf(name: keyof Tasks, input: Input): Promise<Task> {
  return { name, input: typeof input === 'function' ? await input() : input } as Task
}

function tasksRunBy(
  run: (name: keyof Tasks, input: Input, forPackage: string) => Promise<Outcome>,
): AsyncTasks {
  const taskNamed = (name: keyof Tasks) => async (input: Input, forPackage: string) => {
    const outcome = await run(name, input, forPackage)
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
    'processing took too long. Nothing was changed; try again later, or with less at a time: fewer or smaller files, or fewer packages.',
    { cause },
  )
}

function tooLarge(cause: unknown): AppError {
  return new AppError(
    'too_large',
    'processing needs more memory than the server allows: use fewer or smaller YAML files, or fewer packages at a time',
    { cause },
  )
}
