import { createReadStream } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import type { Sendable } from '../../core/sendable.ts'
import type { Range } from './blob-store.ts'

/** Large, because scheduling a chunk in the thread pool and passing it on costs more than reading it. */
const CHUNK_BYTES = 256 * 1024
/** For sends beyond the first ones, as a client that does not read keeps its buffers. */
const SMALL_CHUNK_BYTES = 16 * 1024
const LARGE_SENDS = 64

let sends = 0

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
    const size = sends++ < LARGE_SENDS ? CHUNK_BYTES : SMALL_CHUNK_BYTES
    let file: FileHandle | undefined
    try {
      file = await open(this.#path)
      const { start, end } = this.#range ?? { start: 0, end: (await file.stat()).size - 1 }
      let [filling, sending] = [Buffer.allocUnsafeSlow(size), Buffer.allocUnsafeSlow(size)]
      let sent = Promise.resolve()
      for (let position = start; position <= end; ) {
        const length = Math.min(size, end - position + 1)
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
      sends--
      await file?.close()
    }
  }
}
