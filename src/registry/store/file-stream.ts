import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import type { Sendable } from '../../core/sendable.ts'
import type { Range } from './blob-store.ts'

/** Large, because scheduling a chunk in the thread pool and passing it on costs more than reading it. */
const CHUNK_BYTES = 256 * 1024

/** The bytes of a file. The file is opened by the first read, and closed when the reader stops. */
export class FileStream implements Sendable {
  readonly #path: string
  readonly #range: Range | undefined

  constructor(path: string, range?: Range) {
    this.#path = path
    this.#range = range
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    yield* createReadStream(this.#path, { highWaterMark: CHUNK_BYTES, ...this.#range })
  }

  /** Alternates between two buffers: one is filled while the other is being sent. */
  async send(write: (chunk: Uint8Array) => Promise<void>): Promise<void> {
    const file = await open(this.#path)
    try {
      const { start, end } = this.#range ?? { start: 0, end: (await file.stat()).size - 1 }
      let [filling, sending] = [Buffer.allocUnsafeSlow(CHUNK_BYTES), Buffer.allocUnsafeSlow(CHUNK_BYTES)]
      let sent = Promise.resolve()
      for (let position = start; position <= end; ) {
        const length = Math.min(CHUNK_BYTES, end - position + 1)
        const { bytesRead } = await file.read(filling, 0, length, position)
        await sent
        if (bytesRead === 0) throw new Error(`${this.#path} ends at ${position}, before ${end}`)
        position += bytesRead
        ;[filling, sending] = [sending, filling]
        sent = write(sending.subarray(0, bytesRead))
        // A failure is thrown by the next `await`; until then it is not an unhandled rejection.
        sent.catch(() => undefined)
      }
      await sent
    } finally {
      await file.close()
    }
  }
}
