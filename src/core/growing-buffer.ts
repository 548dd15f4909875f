/** Collects pieces in one buffer: kept until they are joined, they would take their memory twice, or small ones much more. */
export class GrowingBuffer {
  readonly #most: number
  #bytes: Buffer<ArrayBuffer>
  #size = 0

  /** `expected` bytes are never copied, and may be wrong: the system provides memory only as it is written to. */
  constructor(expected: number, most: number) {
    this.#most = most
    this.#bytes = Buffer.allocUnsafeSlow(Math.min(expected, most))
  }

  /** Returns false, and adds nothing, if the piece goes beyond the limit. */
  add(piece: Uint8Array): boolean {
    const end = this.#size + piece.byteLength
    if (end > this.#most) return false
    if (end > this.#bytes.byteLength) this.#grow(Math.min(this.#most, 2 * end))
    this.#bytes.set(piece, this.#size)
    this.#size = end
    return true
  }

  /** The bytes that were added, without a copy. */
  get bytes(): Buffer<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#size)
  }

  /** Must not be used afterwards. */
  free(): void {
    free(this.#bytes)
  }

  #grow(size: number): void {
    const larger = Buffer.allocUnsafeSlow(size)
    this.#bytes.copy(larger)
    free(this.#bytes)
    this.#bytes = larger
  }
}

/** Frees a buffer immediately: V8 lets a hundred MiB of them pile up before it collects them. */
export function free({ buffer, byteLength }: Uint8Array): void {
  // A buffer that is shared with other chunks must stay.
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0)
}
