import { AppError } from '../../../core/errors.ts'

/** A resolution of so many steps takes some seconds and some hundred megabytes. */
export const MAX_STEPS = 20_000_000

/** Bounds time and memory by counting steps instead of seconds: the same question has the same answer on any machine. */
export class Budget {
  readonly #steps: number
  #left: number

  constructor(steps: number) {
    this.#steps = steps
    this.#left = steps
  }

  /** Throws `too_large` if the steps are used up. */
  spend(steps: number): void {
    this.#left -= steps
    if (this.#left < 0) {
      throw new AppError(
        'too_large',
        `found no answer in ${this.#steps} steps: ask for exact versions, or for fewer packages at a time`,
      )
    }
  }
}
