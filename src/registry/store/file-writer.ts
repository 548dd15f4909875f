/**
 * Writes small files durably, many at a time. A file system with a journal takes almost as long to sync one file as
 * to sync twenty, so what comes in while a batch is under way waits for the next one and shares its syncs. A thread
 * of its own does it: the calls block, and whoever serves requests must not.
 */
import { Worker } from 'node:worker_threads'

export type WriteJob =
  /** Writes `bytes` to `temporary` and renames that to `path`. */
  | { kind: 'put'; path: string; temporary: string; bytes: Uint8Array }
  /** Renames a file that is written and synced. */
  | { kind: 'move'; path: string; temporary: string }
  | { kind: 'delete'; path: string }

/** Whether a delete found something; or what went wrong. */
export type WriteOutcome = { found: boolean } | { code: string; message: string }

export type Request = { id: number; job: WriteJob }
export type Response = { id: number; outcome: WriteOutcome }[]

type Waiting = { resolve: (found: boolean) => void; reject: (error: Error) => void }

export class FileWriter {
  readonly #worker: Worker
  readonly #waiting = new Map<number, Waiting>()
  #outbox: Request[] = []
  #lastId = 0
  #failure: Error | undefined

  constructor() {
    this.#worker = new Worker(new URL('./file-writer-thread.ts', import.meta.url))
    this.#worker.on('message', (response: Response) => this.#settle(response))
    this.#worker.on('error', (error) => this.#fail(error))
    this.#worker.unref()
  }

  /** Resolves when it is durable, with whether there was something to delete. */
  async write(job: WriteJob): Promise<boolean> {
    if (this.#failure) throw this.#failure
    const id = ++this.#lastId
    const done = new Promise<boolean>((resolve, reject) => this.#waiting.set(id, { resolve, reject }))
    if (this.#outbox.push({ id, job }) === 1) setImmediate(() => this.#send())
    return done
  }

  async close(): Promise<void> {
    this.#failure ??= new Error('the store is closed')
    await this.#worker.terminate()
  }

  #send(): void {
    // While somebody waits, the process must not end for want of anything else to do.
    this.#worker.ref()
    this.#worker.postMessage(this.#outbox)
    this.#outbox = []
  }

  #settle(response: Response): void {
    for (const { id, outcome } of response) {
      const waiting = this.#waiting.get(id)
      this.#waiting.delete(id)
      if ('found' in outcome) waiting?.resolve(outcome.found)
      else waiting?.reject(Object.assign(new Error(outcome.message), { code: outcome.code }))
    }
    if (this.#waiting.size === 0) this.#worker.unref()
  }

  #fail(error: Error): void {
    this.#failure = error
    for (const { reject } of this.#waiting.values()) reject(error)
    this.#waiting.clear()
  }
}
