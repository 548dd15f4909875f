import { AppError } from '../core/errors.ts'

export type GateLimits = {
  /** So many are let in at once. */
  atOnce: number
  /** So many may wait for it. */
  queue: number
  /** For so long, in milliseconds. */
  wait: number
}

type Waiting = { enter: () => void }

/** Lets a few in at once, in the order of arrival; a queue that is full sends whoever comes away. */
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

  /** Runs work as soon as there is room for it. Throws `overloaded` where there is none in time. */
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

  /** Whoever has waited for longest takes the place. */
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
    'the server has more requests of this kind than it can work on. Nothing was changed; try again in a moment.',
  )
}
