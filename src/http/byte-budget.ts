import { AppError } from '../core/errors.ts'

/** Limits the bytes that all request bodies hold in memory together. */
export class ByteBudget {
  readonly #most: number
  #used = 0

  constructor(most: number) {
    this.#most = most
  }

  get used(): number {
    return this.#used
  }

  /** Throws `overloaded` if that many bytes do not fit. Takes none of them: a client may announce bytes and never send them. */
  check(bytes: number): void {
    if (this.#used + bytes <= this.#most) return
    throw new AppError(
      'overloaded',
      'the bodies of other requests use all memory that is reserved for them. Nothing was changed; try again in a moment.',
    )
  }

  /** The bytes of one request: taken bit by bit, given back together. */
  share(): { take: (bytes: number) => void; giveBack: () => void } {
    let taken = 0
    return {
      take: (bytes) => {
        this.check(bytes)
        this.#used += bytes
        taken += bytes
      },
      giveBack: () => {
        this.#used -= taken
        taken = 0
      },
    }
  }
}
