import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import type { Sendable } from '../../core/sendable.ts'
import type { Range } from './blob-store.ts'

/** Each chunk is a turn of the thread pool and of the streams above, which costs more than to read it. */
const CHUNK_BYTES = 256 * 1024

/** The bytes of a file, which is opened when somebody reads on, and closed when nobody does any more. */
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

  /** Two buffers take turns: one is filled while the other is sent. */
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
        // Whoever waits for it is told; until then nobody may.
        sent.catch(() => undefined)
      }
      await sent
    } finally {
      await file.close()
    }
  }
}
