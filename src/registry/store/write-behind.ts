import type { FileHandle } from 'node:fs/promises'

/** The size of each write. With smaller ones, scheduling in the thread pool costs more than writing. */
const PIECE_BYTES = 512 * 1024
/** Buffers kept for later uploads, so that they need not be garbage-collected. */
const MAX_SPARE = 4

const spare: Buffer[] = []

/**
 * Writes to a file in a few large pieces. One is written while the next fills up, so at most two are in memory. Chunks
 * are copied.
 */
export class WriteBehind {
  readonly #handle: FileHandle
  #position: number
  /** The piece being filled; its first `#filled` bytes are set. */
  #piece = spare.pop() ?? Buffer.allocUnsafeSlow(PIECE_BYTES)
  #filled = 0
  /** The write in progress; resolves to its piece. */
  #writing: Promise<Buffer> | undefined

  constructor(handle: FileHandle, position: number) {
    this.#handle = handle
    this.#position = position
  }

  /** Throws if an earlier piece could not be written. */
  async add(chunk: Uint8Array): Promise<void> {
    for (let rest = chunk; rest.byteLength > 0; ) {
      const part = rest.subarray(0, PIECE_BYTES - this.#filled)
      this.#piece.set(part, this.#filled)
      this.#filled += part.byteLength
      rest = rest.subarray(part.byteLength)
      if (this.#filled === PIECE_BYTES) await this.#next()
    }
  }

  /** Writes the rest. Returns the new size of the file. */
  async end(): Promise<number> {
    const written = await this.#writing
    this.#writing = undefined
    await this.#write(this.#piece, this.#filled)
    keep(this.#piece)
    if (written) keep(written)
    return this.#position
  }

  /** Discards the rest. Once it resolves, nothing is being written. */
  async stop(): Promise<void> {
    await this.#writing?.catch(() => undefined)
  }

  async #next(): Promise<void> {
    const written = await this.#writing
    const writing = this.#write(this.#piece, this.#filled)
    // A failure is thrown by the next `await`; until then it is not an unhandled rejection.
    writing.catch(() => undefined)
    this.#writing = writing
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
