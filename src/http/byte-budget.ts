import { AppError } from '../core/errors.ts'

/** How many bytes all bodies may hold in memory together. */
export class ByteBudget {
  readonly #most: number
  #used = 0

  constructor(most: number) {
    this.#most = most
  }

  get used(): number {
    return this.#used
  }

  /** Throws `overloaded` where so many bytes more are too many. They are not taken: whoever announces may not send. */
  check(bytes: number): void {
    if (this.#used + bytes <= this.#most) return
    throw new AppError(
      'overloaded',
      'the server holds as much of the bodies of requests as it can. Nothing was changed; try again in a moment.',
    )
  }

  /** A part of it, that grows with what is taken and goes back as a whole. */
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
