import { setImmediate } from 'node:timers/promises'
import { KeyedLock } from '../../core/keyed-lock.ts'
import { findJob, runningJobs } from '../../database/jobs/jobs.ts'
import type { ItemState, Job, JobKind } from '../../domain/job.ts'
import { ociRepository } from '../../domain/names.ts'
import type { ServiceContext } from '../context.ts'
import { Changes } from './notifier.ts'
import { type Performing, pause, performItem } from './perform-item.ts'
import { Rotation, type Task } from './rotation.ts'

export type RunnerOptions = Pick<Performing, 'work' | 'report'> & {
  retryAfter?: readonly number[]
  /** Is told of each item that has come to its end, and how long it took. */
  onEnd?: (kind: JobKind, state: ItemState, seconds: number) => void
}

/**
 * So many items are under way at once. Two threads pack, and the one that serves reads and writes: with more items,
 * those who wait for an answer would wait behind jobs, and the jobs would end hardly sooner.
 */
const AT_ONCE = 3

/** Two minutes in all: longer than it takes to start a registry anew. */
const RETRY_AFTER = [500, 1000, 2000, 5000, 10_000, 30_000, 75_000]

/** How long to wait where the database does not say what is next. */
const ASK_AGAIN_AFTER = 5000

/** Does the items of all running jobs, a few at a time, until it is stopped. The next process does what is left. */
export class JobRunner {
  readonly #ctx: ServiceContext
  readonly #options: RunnerOptions
  readonly #rotation: Rotation
  readonly #running = new Set<string>()
  /** What an item does depends on what its package has: one at a time for each. */
  readonly #packages = new KeyedLock()
  readonly #drained = new AbortController()
  readonly #stopped = new AbortController()
  readonly #workers = new Set<Promise<void>>()
  /** How many workers will still look for what has been added. */
  #awake = 0
  #additions = 0

  /** Tells of jobs, by their id. */
  readonly changes = new Changes()

  constructor(ctx: ServiceContext, options: RunnerOptions) {
    this.#ctx = ctx
    this.#options = options
    this.#rotation = new Rotation(ctx.db)
  }

  /** How many jobs are running. */
  get running(): number {
    return this.#running.size
  }

  /** Is aborted when those who follow jobs have to let go, as the server stops. */
  get drained(): AbortSignal {
    return this.#drained.signal
  }

  /** Takes up the jobs that an earlier process left. */
  async resume(): Promise<void> {
    for (const job of await runningJobs(this.#ctx.db)) this.add(job)
  }

  /** Takes up a job that is in the database. */
  add(job: Job): void {
    if (job.state !== 'Running' || this.#running.has(job.id)) return
    this.#running.add(job.id)
    this.#rotation.add(job)
    this.#additions++
    while (this.#awake < AT_ONCE && !this.#stopped.signal.aborted) this.#startWorker()
  }

  /** Begins no more items of a job that has ended. */
  drop(id: string): void {
    this.#running.delete(id)
    this.#rotation.remove(id)
    this.changes.tell(id)
  }

  /** Has those who follow jobs let go. */
  drain(): void {
    this.#drained.abort()
  }

  /** Begins no more items, and waits for those that are under way. */
  async stop(): Promise<void> {
    this.drain()
    this.#stopped.abort()
    await Promise.all(this.#workers)
  }

  #startWorker(): void {
    this.#awake++
    const worker = this.#work().finally(() => this.#workers.delete(worker))
    this.#workers.add(worker)
  }

  async #work(): Promise<void> {
    for (let seen = -1; seen !== this.#additions && !this.#stopped.signal.aborted; ) {
      seen = this.#additions
      try {
        for (let task = await this.#next(); task; task = await this.#next()) await this.#perform(task)
      } catch (error) {
        this.#options.report(error)
        await pause(ASK_AGAIN_AFTER, this.#stopped.signal)
        seen = -1
      }
    }
    // Together with the last look at what was added: nothing comes in between.
    this.#awake--
  }

  async #next(): Promise<Task | undefined> {
    // Whoever waits for an answer comes first.
    await setImmediate()
    return this.#stopped.signal.aborted ? undefined : this.#rotation.take()
  }

  async #perform(task: Task): Promise<void> {
    const { job, item } = task
    const { onEnd, retryAfter = RETRY_AFTER, work, report } = this.#options
    const performing = { work, report, retryAfter, stopped: this.#stopped.signal }
    const start = performance.now()
    const state = await this.#packages.run(ociRepository(item), () =>
      performItem(this.#ctx, performing, task),
    )
    if (state) onEnd?.(job.kind, state, (performance.now() - start) / 1000)
    const now = await findJob(this.#ctx.db, job.id)
    if (now?.state === 'Running') this.changes.tell(job.id)
    else this.drop(job.id)
  }
}
