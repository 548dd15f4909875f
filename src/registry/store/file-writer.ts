/**
 * Writes small files durably, in batches. A journaling file system takes almost as long to sync one file as twenty, so
 * writes that arrive during a batch wait for the next one and share its syncs. The calls block, so they run in a
 * worker thread to keep the one that serves requests free.
 */
import { Worker } from 'node:worker_threads'
import type { Expected } from './blob-store.ts'

export type WriteJob =
  /** Writes `bytes` to `temporary` and renames it to `path`. */
  | { kind: 'put'; path: string; temporary: string; bytes: Uint8Array; expected?: Expected | undefined }
  /** Renames a file that is already written and synced. */
  | { kind: 'move'; path: string; temporary: string }
  | { kind: 'delete'; path: string; expected?: string | undefined }

/** `done` is false if there was nothing to delete, or another version than expected. Otherwise, the error. */
export type WriteOutcome = { done: boolean } | { code: string; message: string }

export type Request = { id: number; job: WriteJob }
export type Response = { id: number; outcome: WriteOutcome }[]

type Waiting = { resolve: (done: boolean) => void; reject: (error: Error) => void }

export class FileWriter {
  readonly #waiting = new Map<number, Waiting>()
  #worker: Worker | undefined
  #outbox: Request[] = []
  #lastId = 0
  #closed = false

  /** Returns whether the job was done. Durable when it resolves. */
  async write(job: WriteJob): Promise<boolean> {
    if (this.#closed) throw closedError()
    const id = ++this.#lastId
    const done = new Promise<boolean>((resolve, reject) => this.#waiting.set(id, { resolve, reject }))
    if (this.#outbox.push({ id, job }) === 1) setImmediate(() => this.#send())
    return done
  }

  /** Ends the thread. Pending writes are rejected; those in progress may or may not have been done. */
  async close(): Promise<void> {
    this.#closed = true
    this.#fail(closedError())
    await this.#worker?.terminate()
  }

  #send(): void {
    if (this.#outbox.length === 0) return
    this.#worker ??= this.#start()
    // Keeps the process alive while writes are pending.
    this.#worker.ref()
    this.#worker.postMessage(this.#outbox)
    this.#outbox = []
  }

  /** Starts the thread. If it dies, the next write starts another one. */
  #start(): Worker {
    const worker = new Worker(new URL('./file-writer-thread.ts', import.meta.url))
    let cause: unknown
    worker.on('message', (response: Response) => this.#settle(response))
    worker.on('error', (error) => {
      cause = error
    })
    worker.on('exit', () => {
      this.#worker = undefined
      this.#fail(new Error('the file writer thread has died', { cause }))
    })
    return worker
  }

  #settle(response: Response): void {
    for (const { id, outcome } of response) {
      const waiting = this.#waiting.get(id)
      this.#waiting.delete(id)
      if ('done' in outcome) waiting?.resolve(outcome.done)
      else waiting?.reject(Object.assign(new Error(outcome.message), { code: outcome.code }))
    }
    if (this.#waiting.size === 0) this.#worker?.unref()
  }

  #fail(error: Error): void {
    this.#outbox = []
    for (const { reject } of this.#waiting.values()) reject(error)
    this.#waiting.clear()
  }
}

function closedError(): Error {
  return new Error('the store is closed')
}
