import type { Reader } from '../../database/connection.ts'
import { listItems } from '../../database/jobs/job-items.ts'
import type { Job, JobItem } from '../../domain/job.ts'

export type Task = { job: Job; item: JobItem }

/** A job with its next items, and the index of the last one that was taken. */
type Queue = { job: Job; items: JobItem[]; last: number | undefined }

/** Items per query. */
const BATCH = 100

/** Hands out pending items. Jobs take turns, so a small job does not wait for an earlier large one. */
export class Rotation {
  readonly #db: Reader
  #queues: Queue[] = []
  /** The last call of `take`: calls run one at a time, so that no item is taken twice. */
  #previous: Promise<unknown> = Promise.resolve()

  constructor(db: Reader) {
    this.#db = db
  }

  add(job: Job): void {
    this.#queues.push({ job, items: [], last: undefined })
  }

  remove(id: string): void {
    this.#queues = this.#queues.filter(({ job }) => job.id !== id)
  }

  /** Takes the next item; undefined if none is left. */
  take(): Promise<Task | undefined> {
    const taken = this.#previous.then(() => this.#take())
    this.#previous = taken.catch(() => undefined)
    return taken
  }

  async #take(): Promise<Task | undefined> {
    for (;;) {
      const queue = this.#queues[0]
      if (!queue) return undefined
      if (queue.items.length === 0) {
        const page = { after: queue.last, limit: BATCH }
        queue.items = await listItems(this.#db, queue.job.id, { state: 'Pending' }, page)
      }
      // The job may have been removed during the query.
      if (!this.#queues.includes(queue)) continue
      this.#queues = this.#queues.filter((other) => other !== queue)
      const item = queue.items.shift()
      if (!item) continue
      queue.last = item.index
      this.#queues.push(queue)
      return { job: queue.job, item }
    }
  }
}
