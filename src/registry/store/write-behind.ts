import type { FileHandle } from 'node:fs/promises'

/** Bytes that go to the file at once: with fewer, turns of the thread pool cost more than the writes. */
const BATCH_BYTES = 512 * 1024

/** Writes to a file in few large pieces, one of them while the next comes in: no more than two are in memory. */
export class WriteBehind {
  readonly #handle: FileHandle
  #position: number
  #batch: Uint8Array[] = []
  #batched = 0
  #underWay: Promise<void> | undefined

  constructor(handle: FileHandle, position: number) {
    this.#handle = handle
    this.#position = position
  }

  /** Throws where an earlier piece could not be written. */
  async add(chunk: Uint8Array): Promise<void> {
    this.#batch.push(chunk)
    this.#batched += chunk.byteLength
    if (this.#batched < BATCH_BYTES) return
    await this.#underWay
    const written = this.#send()
    // Whoever waits for it is told; until then nobody may.
    written.catch(() => undefined)
    this.#underWay = written
  }

  /** Writes the rest. Resolves to where the file ends then. */
  async end(): Promise<number> {
    await this.#underWay
    await this.#send()
    return this.#position
  }

  /** Leaves out the rest. When it resolves, nothing is written any more. */
  async stop(): Promise<void> {
    await this.#underWay?.catch(() => undefined)
  }

  async #send(): Promise<void> {
    let rest = this.#batch
    this.#batch = []
    this.#batched = 0
    while (rest.length > 0) {
      const { bytesWritten } = await this.#handle.writev(rest, this.#position)
      this.#position += bytesWritten
      rest = after(rest, bytesWritten)
    }
  }
}

/** What is left of the chunks without their first bytes. */
function after(chunks: Uint8Array[], bytes: number): Uint8Array[] {
  let skipped = 0
  return chunks.flatMap((chunk) => {
    const part = chunk.subarray(Math.max(0, bytes - skipped))
    skipped += chunk.byteLength
    return part.byteLength > 0 ? [part] : []
  })
}
