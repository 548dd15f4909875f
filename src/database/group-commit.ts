import { setImmediate } from 'node:timers/promises'
import { type RawBuilder, sql } from 'kysely'
import type { Db } from './schema.ts'

/** Is told how many transactions went into a commit, and how long it took in milliseconds. */
export type OnCommit = (transactions: number, milliseconds: number) => void

export type GroupCommitOptions = {
  /** Is told by each caller how long it waited for its transaction to be committed, in milliseconds. */
  onTransaction?: (milliseconds: number) => void
}

type Job = { run: (transaction: Db) => Promise<void>; settle: (error?: unknown) => void }

/**
 * Runs transactions, many in one commit: a commit waits for the disk, and what comes in meanwhile waits for the next
 * one. Each is in a savepoint of its own, so it fails alone.
 */
export class GroupCommit {
  readonly #db: Db
  #queue: Job[] = []
  #pauses: (() => Promise<void>)[] = []
  readonly #options: GroupCommitOptions
  #running = false
  readonly #listeners: OnCommit[] = []

  constructor(db: Db, options: GroupCommitOptions = {}) {
    this.#db = db
    this.#options = options
  }

  /** Tells of each commit, before those who wait for it go on. */
  onCommit(listener: OnCommit): void {
    this.#listeners.push(listener)
  }

  /** Resolves when what `work` did is committed. */
  async run<T>(work: (transaction: Db) => Promise<T>): Promise<T> {
    const start = performance.now()
    const value = await new Promise<T>((resolve, reject) => {
      let result: { value: T } | undefined
      this.#queue.push({
        run: async (transaction) => {
          result = { value: await work(transaction) }
        },
        settle: (error) => (result && error === undefined ? resolve(result.value) : reject(error)),
      })
      if (!this.#running) void this.#drain()
    })
    this.#options.onTransaction?.(performance.now() - start)
    return value
  }

  /** Works while nothing is committed: what comes in meanwhile waits. */
  async paused<T>(work: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#pauses.push(() => work().then(resolve, reject))
      if (!this.#running) void this.#drain()
    })
  }

  async #drain(): Promise<void> {
    this.#running = true
    while (this.#queue.length + this.#pauses.length > 0) {
      for (const pause of this.#pauses.splice(0)) await pause()
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
    const start = performance.now()
    try {
      await this.#db.connection().execute((connection) => transact(connection, batch, failures))
    } catch (error) {
      for (const job of batch) job.settle(failures.get(job) ?? error)
      return
    }
    const took = performance.now() - start
    for (const listener of this.#listeners) listener(batch.length, took)
    for (const job of batch) job.settle(failures.get(job))
  }
}

/** Runs all jobs, and commits what those did that are not among the failures. Throws why nothing is committed. */
async function transact(connection: Db, batch: Job[], failures: Map<Job, unknown>): Promise<void> {
  await sql`BEGIN`.execute(connection)
  try {
    for (const job of batch) await runInSavepoint(connection, job, failures)
    await sql`COMMIT`.execute(connection)
  } catch (error) {
    await attempt(sql`ROLLBACK`, connection)
    throw error
  }
}

async function runInSavepoint(connection: Db, job: Job, failures: Map<Job, unknown>): Promise<void> {
  await sql`SAVEPOINT job`.execute(connection)
  try {
    await job.run(connection)
  } catch (error) {
    failures.set(job, error)
    if (!(await attempt(sql`ROLLBACK TO job`, connection))) throw error
  }
  await sql`RELEASE job`.execute(connection)
}

/**
 * Whether it could be done. On some errors, such as a full disk, SQLite rolls the whole transaction back by itself,
 * and then there is nothing to roll back: https://www.sqlite.org/lang_transaction.html
 */
async function attempt(statement: RawBuilder<unknown>, connection: Db): Promise<boolean> {
  try {
    await statement.execute(connection)
    return true
  } catch {
    return false
  }
}
