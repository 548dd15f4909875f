import { AsyncLocalStorage } from 'node:async_hooks'
import { setImmediate } from 'node:timers/promises'
import { type Kysely, sql } from 'kysely'
import type { Transaction } from './connection.ts'
import type { Schema } from './schema.ts'

/** Is called after each commit with its number of transactions, and with its duration in milliseconds. */
export type OnCommit = (transactions: number, milliseconds: number) => void
/** Is called after each transaction with the time from `run` to its commit, in milliseconds. */
export type OnTransaction = (milliseconds: number) => void

type Job = { run: (transaction: Transaction) => Promise<void>; settle: (error?: unknown) => void }

/**
 * Runs transactions, many in one commit: a commit waits for the disk, and those that arrive meanwhile share the next
 * one. Each has a savepoint of its own, so it fails alone.
 */
export class GroupCommit {
  readonly #db: Kysely<Schema>
  #queue: Job[] = []
  #pauses: (() => Promise<void>)[] = []
  #running = false
  readonly #onCommit: OnCommit[] = []
  readonly #onTransaction: OnTransaction[] = []

  constructor(db: Kysely<Schema>) {
    this.#db = db
  }

  /** The listener is called before the callers of `run` continue. */
  onCommit(listener: OnCommit): void {
    this.#onCommit.push(listener)
  }

  onTransaction(listener: OnTransaction): void {
    this.#onTransaction.push(listener)
  }

  /** Resolves when everything `work` did is committed. Throws `conflict` where a constraint forbids it. */
  async run<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    const start = performance.now()
    // The batch runs in the context of the caller that came first.
    const asCaller = AsyncLocalStorage.snapshot()
    const value = await new Promise<T>((resolve, reject) => {
      let result: { value: T } | undefined
      this.#queue.push({
        run: async (transaction) => {
          result = { value: await asCaller(work, transaction) }
        },
        settle: (error) => (result && error === undefined ? resolve(result.value) : reject(error)),
      })
      if (!this.#running) void this.#drain()
    })
    for (const listener of this.#onTransaction) listener(performance.now() - start)
    return value
  }

  /** Runs work during which nothing is committed. Transactions wait meanwhile. */
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
      // Requests that have been read already join the batch.
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
    for (const listener of this.#onCommit) listener(batch.length, took)
    for (const job of batch) job.settle(failures.get(job))
  }
}

/** Runs all jobs, and commits those that are not among the failures. Throws where nothing is committed. */
async function transact(
  connection: Kysely<Schema>,
  batch: Job[],
  failures: Map<Job, unknown>,
): Promise<void> {
  await sql`BEGIN`.execute(connection)
  try {
    for (const job of batch) await runInSavepoint(connection as Transaction, job, failures)
    await sql`COMMIT`.execute(connection)
  } catch (error) {
    await succeeds(sql`ROLLBACK`.execute(connection))
    throw error
  }
}

async function runInSavepoint(
  transaction: Transaction,
  job: Job,
  failures: Map<Job, unknown>,
): Promise<void> {
  await sql`SAVEPOINT job`.execute(transaction)
  try {
    await job.run(transaction)
  } catch (error) {
    failures.set(job, error)
    if (!(await succeeds(sql`ROLLBACK TO job`.execute(transaction)))) throw error
  }
  await sql`RELEASE job`.execute(transaction)
}

/**
 * Waits for a rollback, and resolves to whether it was possible. After some errors, such as a full disk, SQLite has
 * already rolled back the whole transaction: https://www.sqlite.org/lang_transaction.html
 */
async function succeeds(rollback: Promise<unknown>): Promise<boolean> {
  return rollback.then(
    () => true,
    () => false,
  )
}
