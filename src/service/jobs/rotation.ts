import type { Reader } from '../../database/connection.ts'
import { listItems } from '../../database/jobs/job-items.ts'
import type { Job, JobItem } from '../../domain/job.ts'

export type Task = { job: Job; item: JobItem }

type Line = { job: Job; items: JobItem[]; last: number | undefined }

/** So many items of a job are read at once. */
const BATCH = 100

/** Which item is next: jobs take turns, so that a small one need not wait for a large one that came before. */
export class Rotation {
  readonly #db: Reader
  #lines: Line[] = []
  /** One taker at a time, so that no item is taken twice. */
  #before: Promise<unknown> = Promise.resolve()

  constructor(db: Reader) {
    this.#db = db
  }

  add(job: Job): void {
    this.#lines.push({ job, items: [], last: undefined })
  }

  remove(id: string): void {
    this.#lines = this.#lines.filter(({ job }) => job.id !== id)
  }

  /** The next item; undefined where all have been taken. */
  take(): Promise<Task | undefined> {
    const taken = this.#before.then(() => this.#take())
    this.#before = taken.catch(() => undefined)
    return taken
  }

  async #take(): Promise<Task | undefined> {
    for (;;) {
      const line = this.#lines[0]
      if (!line) return undefined
      if (line.items.length === 0) {
        const page = { after: line.last, limit: BATCH }
        line.items = await listItems(this.#db, line.job.id, { state: 'Pending' }, page)
      }
      // Meanwhile it may have been removed, or the line may have got shorter.
      if (!this.#lines.includes(line)) continue
      this.#lines = this.#lines.filter((other) => other !== line)
      const item = line.items.shift()
      if (!item) continue
      line.last = item.index
      this.#lines.push(line)
      return { job: line.job, item }
    }
  }
}
