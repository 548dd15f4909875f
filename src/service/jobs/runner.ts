import { setImmediate } from 'node:timers/promises'
import { forClient } from '../../core/client.ts'
import { KeyedLock } from '../../core/keyed-lock.ts'
import { Notifier } from '../../core/notifier.ts'
import { withOrigin } from '../../core/origin.ts'
import { findJob, runningJobs } from '../../database/jobs/jobs.ts'
import type { ItemState, Job, JobKind } from '../../domain/job.ts'
import { ociRepository } from '../../domain/names.ts'
import type { ServiceContext } from '../context.ts'
import { type Performing, pause, performItem } from './perform-item.ts'
import { Rotation, type Task } from './rotation.ts'

export type RunnerOptions = Pick<Performing, 'access' | 'work' | 'report'> & {
  retryAfter?: readonly number[]
  /** Called with each item that has ended. */
  onEnd?: (kind: JobKind, state: ItemState, seconds: number) => void
}

/**
 * Items in flight at once. Two workers pack, and the server reads and writes: with more items, requests would wait
 * for jobs, and the jobs would hardly end sooner.
 */
const CONCURRENCY = 3

/** Milliseconds before each retry; two minutes in all, longer than a registry takes to restart. */
const RETRY_AFTER = [500, 1000, 2000, 5000, 10_000, 30_000, 75_000]

/** Milliseconds until a failed query for the next item is repeated. */
const QUERY_AGAIN_AFTER = 5000

/** Performs the items of all running jobs, a few at a time, until it is stopped. The next process continues them. */
export class JobRunner {
  readonly #ctx: ServiceContext
  readonly #options: RunnerOptions
  readonly #rotation: Rotation
  readonly #running = new Set<string>()
  /** Items of one package run one at a time, because each depends on the state that the last one left. */
  readonly #packages = new KeyedLock()
  readonly #drained = new AbortController()
  readonly #stopped = new AbortController()
  readonly #added = new Notifier()
  readonly #workers: readonly Promise<void>[]

  /** Notified of each change of a job, by its id. */
  readonly notifier = new Notifier()

  constructor(ctx: ServiceContext, options: RunnerOptions) {
    this.#ctx = ctx
    this.#options = options
    this.#rotation = new Rotation(ctx.db)
    this.#workers = Array.from({ length: CONCURRENCY }, () => this.#work())
  }

  /** The number of running jobs. */
  get running(): number {
    return this.#running.size
  }

  /** Aborted when the server stops, so that event streams end. */
  get drained(): AbortSignal {
    return this.#drained.signal
  }

  /** Continues the jobs that an earlier process left. */
  async resume(): Promise<void> {
    for (const job of await runningJobs(this.#ctx.db)) this.add(job)
  }

  /** Starts a job that is in the database. */
  add(job: Job): void {
    if (job.state !== 'Running' || this.#running.has(job.id)) return
    this.#running.add(job.id)
    this.#rotation.add(job)
    this.#added.notify()
  }

  /** Removes a job that has ended. */
  drop(id: string): void {
    this.#running.delete(id)
    this.#rotation.remove(id)
    this.notifier.notify(id)
  }

  /** Ends the event streams of jobs. */
  drain(): void {
    this.#drained.abort()
  }

  /** Starts no more items, and waits for those in flight. */
  async stop(): Promise<void> {
    this.drain()
    this.#stopped.abort()
    this.#added.notify()
    await Promise.all(this.#workers)
  }

  async #work(): Promise<void> {
    while (!this.#stopped.signal.aborted) {
      const added = this.#added.wait()
      try {
        for (let task = await this.#next(); task; task = await this.#next()) await this.#perform(task)
      } catch (error) {
        this.#options.report(error)
        await pause(QUERY_AGAIN_AFTER, this.#stopped.signal)
        continue
      }
      await added
    }
  }

  async #next(): Promise<Task | undefined> {
    // Pending requests come first.
    await setImmediate()
    return this.#stopped.signal.aborted ? undefined : this.#rotation.take()
  }

  async #perform(task: Task): Promise<void> {
    const { job, item } = task
    const { onEnd, retryAfter = RETRY_AFTER, access, work, report } = this.#options
    const performing = { access, work, report, retryAfter, stopped: this.#stopped.signal }
    const start = performance.now()
    const state = await this.#packages.run(ociRepository(item), () =>
      forClient(`jobs of ${job.createdBy}`, () =>
        withOrigin({ job: job.id }, () => performItem(this.#ctx, performing, task)),
      ),
    )
    if (state) onEnd?.(job.kind, state, (performance.now() - start) / 1000)
    const now = await findJob(this.#ctx.db, job.id)
    if (now?.state === 'Running') this.notifier.notify(job.id)
    else this.drop(job.id)
  }
}
