import { setImmediate } from 'node:timers/promises'
import { sql } from 'kysely'
import type { Db } from './schema.ts'

type Job = { run: (transaction: Db) => Promise<void>; settle: (error?: unknown) => void }

/**
 * Runs transactions, many in one commit: a commit waits for the disk, and what comes in meanwhile waits for the next
 * one. Each is in a savepoint of its own, so it fails alone.
 */
export class GroupCommit {
  readonly #db: Db
  #queue: Job[] = []
  #running = false

  constructor(db: Db) {
    this.#db = db
  }

  /** Resolves when what `work` did is committed. */
  async run<T>(work: (transaction: Db) => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      let result: { value: T } | undefined
      this.#queue.push({
        run: async (transaction) => {
          result = { value: await work(transaction) }
        },
        settle: (error) => (result && error === undefined ? resolve(result.value) : reject(error)),
      })
      if (!this.#running) void this.#drain()
    })
  }

  async #drain(): Promise<void> {
    this.#running = true
    while (this.#queue.length > 0) {
      // Whoever is about to come, because its request has been read already, comes along.
      await setImmediate()
      const batch = this.#queue
      this.#queue = []
      await this.#commit(batch)
    }
    this.#running = false
  }

  async #commit(batch: Job[]): Promise<void> {
    const failures = new Map<Job, unknown>()
    try {
      await this.#db.transaction().execute(async (transaction) => {
        if (batch.length === 1) await batch[0]?.run(transaction)
        else for (const job of batch) await this.#runInSavepoint(transaction, job, failures)
      })
    } catch (error) {
      for (const job of batch) job.settle(failures.get(job) ?? error)
      return
    }
    for (const job of batch) job.settle(failures.get(job))
  }

  async #runInSavepoint(transaction: Db, job: Job, failures: Map<Job, unknown>): Promise<void> {
    await sql`SAVEPOINT job`.execute(transaction)
    try {
      await job.run(transaction)
    } catch (error) {
      failures.set(job, error)
      await sql`ROLLBACK TO job`.execute(transaction)
    }
    await sql`RELEASE job`.execute(transaction)
  }
}
