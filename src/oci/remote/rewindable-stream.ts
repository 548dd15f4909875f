import { type Content, type Stream, streamOf } from '../content.ts'

/** Buffers the start of a stream, so that it can be read again unless more than `limit` bytes have been read. */
export class RewindableStream {
  readonly #source: AsyncIterator<Uint8Array>
  readonly #limit: number
  readonly #buffer: Uint8Array[] = []
  /** The index of the first buffered chunk; earlier ones have been dropped. */
  #first = 0
  #size = 0
  #ended = false
  #reader: symbol | undefined
  #pulling: Promise<void> | undefined

  constructor(content: Content, limit: number) {
    this.#source = streamOf(content)[Symbol.asyncIterator]()
    this.#limit = limit
  }

  get canRewind(): boolean {
    return this.#size <= this.#limit
  }

  /** Returns the stream from its start; an earlier reader gets no more. Valid only while it `canRewind`. */
  async *rewind(): Stream {
    const mine = Symbol()
    this.#reader = mine
    for (let at = 0; ; at++) {
      while (at >= this.#first + this.#buffer.length) {
        if (this.#ended) return
        await this.#pull()
        if (this.#reader !== mine) return
      }
      const chunk = this.#buffer[at - this.#first] as Uint8Array
      if (!this.canRewind) {
        this.#buffer.splice(0, at + 1 - this.#first)
        this.#first = at + 1
      }
      yield chunk
      if (this.#reader !== mine) return
    }
  }

  /** Closes the source. */
  close(): void {
    this.#reader = undefined
    // The source is not used any more, so a failure to close it does not matter.
    this.#source.return?.().catch(() => undefined)
  }

  /** Shares a pull in flight, as an earlier reader may still wait for it. */
  #pull(): Promise<void> {
    this.#pulling ??= this.#source
      .next()
      .then((next) => {
        if (next.done) {
          this.#ended = true
          return
        }
        this.#size += next.value.byteLength
        this.#buffer.push(next.value)
      })
      .finally(() => {
        this.#pulling = undefined
      })
    return this.#pulling
  }
}
