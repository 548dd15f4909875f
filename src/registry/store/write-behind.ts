import type { FileHandle } from 'node:fs/promises'

/** Bytes that go to the file at once: with fewer, turns of the thread pool cost more than the writes. */
const PIECE_BYTES = 512 * 1024
/** So many pieces are kept for those who come next: memory that is used again need not be collected. */
const MAX_SPARE = 4

const spare: Buffer[] = []

/**
 * Writes to a file in few large pieces, one of them while the next comes in: no more than two are in memory. Chunks
 * are copied.
 */
export class WriteBehind {
  readonly #handle: FileHandle
  #position: number
  /** What comes in, of which the first bytes are filled. */
  #piece = spare.pop() ?? Buffer.allocUnsafeSlow(PIECE_BYTES)
  #filled = 0
  /** Resolves to the piece that is written then. */
  #underWay: Promise<Buffer> | undefined

  constructor(handle: FileHandle, position: number) {
    this.#handle = handle
    this.#position = position
  }

  /** Throws where an earlier piece could not be written. */
  async add(chunk: Uint8Array): Promise<void> {
    for (let rest = chunk; rest.byteLength > 0; ) {
      const part = rest.subarray(0, PIECE_BYTES - this.#filled)
      this.#piece.set(part, this.#filled)
      this.#filled += part.byteLength
      rest = rest.subarray(part.byteLength)
      if (this.#filled === PIECE_BYTES) await this.#next()
    }
  }

  /** Writes the rest. Resolves to where the file ends then. */
  async end(): Promise<number> {
    const written = await this.#underWay
    this.#underWay = undefined
    await this.#write(this.#piece, this.#filled)
    keep(this.#piece)
    if (written) keep(written)
    return this.#position
  }

  /** Leaves out the rest. When it resolves, nothing is written any more. */
  async stop(): Promise<void> {
    await this.#underWay?.catch(() => undefined)
  }

  async #next(): Promise<void> {
    const written = await this.#underWay
    const writing = this.#write(this.#piece, this.#filled)
    // Whoever waits for it is told; until then nobody may.
    writing.catch(() => undefined)
    this.#underWay = writing
    this.#piece = written ?? spare.pop() ?? Buffer.allocUnsafeSlow(PIECE_BYTES)
    this.#filled = 0
  }

  async #write(piece: Buffer, length: number): Promise<Buffer> {
    for (let offset = 0; offset < length; ) {
      const { bytesWritten } = await this.#handle.write(piece, offset, length - offset, this.#position)
      this.#position += bytesWritten
      offset += bytesWritten
    }
    return piece
  }
}

function keep(piece: Buffer): void {
  if (spare.length < MAX_SPARE) spare.push(piece)
}
