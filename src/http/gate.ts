import { AppError } from '../core/errors.ts'

export type GateLimits = {
  /** Maximum number of calls that run at once. */
  atOnce: number
  /** Maximum number of calls that wait. */
  queue: number
  /** Maximum time that a call waits, in milliseconds. */
  wait: number
}

type Waiting = { enter: () => void }

/** Runs a limited number of calls at once, in the order of arrival, and refuses more than its queue can hold. */
export class Gate {
  readonly #limits: GateLimits
  readonly #queue = new Set<Waiting>()
  #inside = 0

  constructor(limits: GateLimits) {
    this.#limits = limits
  }

  get inside(): number {
    return this.#inside
  }

  get waiting(): number {
    return this.#queue.size
  }

  /** Runs the work as soon as there is room. Throws `overloaded` if the queue is full or the wait too long. */
  async pass<T>(work: () => Promise<T>): Promise<T> {
    if (this.#inside < this.#limits.atOnce) this.#inside++
    else await this.#turn()
    try {
      return await work()
    } finally {
      this.#leave()
    }
  }

  async #turn(): Promise<void> {
    const { queue, wait } = this.#limits
    if (this.#queue.size >= queue) throw tooMany()
    await new Promise<void>((resolve, reject) => {
      const waiting: Waiting = {
        enter: () => {
          clearTimeout(timer)
          resolve()
        },
      }
      const timer = setTimeout(() => {
        this.#queue.delete(waiting)
        reject(tooMany())
      }, wait)
      this.#queue.add(waiting)
    })
  }

  /** Passes the place to the call that has waited for longest. */
  #leave(): void {
    const [next] = this.#queue
    if (!next) {
      this.#inside--
      return
    }
    this.#queue.delete(next)
    next.enter()
  }
}

function tooMany(): AppError {
  return new AppError(
    'overloaded',
    'the server has too many requests of this kind. Nothing was changed; try again in a moment.',
  )
}
