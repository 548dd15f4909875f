/**
 * Writes small files durably, many at a time. A file system with a journal takes almost as long to sync one file as
 * to sync twenty, so what comes in while a batch is under way waits for the next one and shares its syncs. A thread
 * of its own does it: the calls block, and whoever serves requests must not.
 */
import { Worker } from 'node:worker_threads'
import type { Expected } from './blob-store.ts'

export type WriteJob =
  /** Writes `bytes` to `temporary` and renames that to `path`. */
  | { kind: 'put'; path: string; temporary: string; bytes: Uint8Array; expected?: Expected | undefined }
  /** Renames a file that is written and synced. */
  | { kind: 'move'; path: string; temporary: string }
  | { kind: 'delete'; path: string; expected?: string | undefined }

/** Whether it was done: not where there was nothing to delete, or not what was expected. Or what went wrong. */
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

  /** Resolves when it is durable, with whether it was done. */
  async write(job: WriteJob): Promise<boolean> {
    if (this.#closed) throw closedError()
    const id = ++this.#lastId
    const done = new Promise<boolean>((resolve, reject) => this.#waiting.set(id, { resolve, reject }))
    if (this.#outbox.push({ id, job }) === 1) setImmediate(() => this.#send())
    return done
  }

  /** Ends the thread. Who is waiting hears that; what is under way may be done or not. */
  async close(): Promise<void> {
    this.#closed = true
    this.#fail(closedError())
    await this.#worker?.terminate()
  }

  #send(): void {
    if (this.#outbox.length === 0) return
    this.#worker ??= this.#start()
    // While somebody waits, the process must not end for want of anything else to do.
    this.#worker.ref()
    this.#worker.postMessage(this.#outbox)
    this.#outbox = []
  }

  /** The next write starts another thread after one that has died. */
  #start(): Worker {
    const worker = new Worker(new URL('./file-writer-thread.ts', import.meta.url))
    let cause: unknown
    worker.on('message', (response: Response) => this.#settle(response))
    worker.on('error', (error) => {
      cause = error
    })
    worker.on('exit', () => {
      this.#worker = undefined
      this.#fail(new Error('the thread that writes files has died', { cause }))
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
