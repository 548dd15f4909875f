import { type Content, type Stream, streamOf } from '../content.ts'

/** A stream whose beginning is kept, so that it can be read again as long as it has not come far. */
export class Rewindable {
  readonly #source: AsyncIterator<Uint8Array>
  /** How many bytes are kept. */
  readonly #limit: number
  readonly #kept: Uint8Array[] = []
  /** The number of the first chunk that is kept: others may be gone. */
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

  /** From the beginning; whoever has read before gets no more. Only while it `canRewind`. */
  async *stream(): Stream {
    const mine = Symbol()
    this.#reader = mine
    for (let at = 0; ; at++) {
      while (at >= this.#first + this.#kept.length) {
        if (this.#ended) return
        await this.#pull()
        if (this.#reader !== mine) return
      }
      const chunk = this.#kept[at - this.#first] as Uint8Array
      if (!this.canRewind) {
        this.#kept.splice(0, at + 1 - this.#first)
        this.#first = at + 1
      }
      yield chunk
      if (this.#reader !== mine) return
    }
  }

  /** Lets go of the source. */
  close(): void {
    this.#reader = undefined
    // A source that cannot even be closed is none that could still be used.
    this.#source.return?.().catch(() => undefined)
  }

  /** One at a time, also where a reader that was left behind still waits. */
  #pull(): Promise<void> {
    this.#pulling ??= this.#source
      .next()
      .then((next) => {
        if (next.done) {
          this.#ended = true
          return
        }
        this.#size += next.value.byteLength
        this.#kept.push(next.value)
      })
      .finally(() => {
        this.#pulling = undefined
      })
    return this.#pulling
  }
}
