import { currentClient } from '../core/client.ts'
import { AppError } from '../core/errors.ts'
import { FairQueue, shareOf } from '../core/fair-queue.ts'
import { Tally } from '../core/tally.ts'

export type GateLimits = {
  /** Maximum number of calls that run at once. */
  atOnce: number
  /** Maximum number of calls that wait. */
  queue: number
  /** Maximum time that a call waits, in milliseconds. */
  wait: number
  /**
   * Milliseconds before a call that has waited begins. Node accepts one connection for each turn of its event loop, so
   * where calls do all their work in one turn, new connections would wait as long as the queue.
   */
  pause?: number
}

type Waiting = { enter: () => void }

/**
 * Runs a limited number of calls at once, and refuses more than its queue can hold. Clients take turns, and none has all
 * places: what one sends may take long.
 */
export class Gate {
  readonly #limits: GateLimits
  readonly #queue = new FairQueue<Waiting>()
  /** The number of places of each client. */
  readonly #held = new Tally()
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
    const client = currentClient()
    if (this.#mayEnter(client)) this.#add(client, 1)
    else await this.#turn(client)
    try {
      return await work()
    } finally {
      this.#leave(client)
    }
  }

  #mayEnter(client: string): boolean {
    const { atOnce } = this.#limits
    return this.#inside < atOnce && this.#held.of(client) < shareOf(atOnce)
  }

  #add(client: string, by: 1 | -1): void {
    this.#inside += by
    this.#held.add(client, by)
  }

  async #turn(client: string): Promise<void> {
    const { queue, wait, pause = 0 } = this.#limits
    if (this.#queue.size >= queue || this.#queue.sizeOf(client) >= shareOf(queue)) throw tooMany()
    const turn = { client, package: '' }
    await new Promise<void>((resolve, reject) => {
      const waiting: Waiting = {
        enter: () => {
          clearTimeout(timer)
          this.#add(client, 1)
          if (pause === 0) resolve()
          else setTimeout(resolve, pause)
        },
      }
      const timer = setTimeout(() => {
        this.#queue.delete(turn, waiting)
        reject(tooMany())
      }, wait)
      this.#queue.add(turn, waiting)
    })
  }

  #leave(client: string): void {
    this.#add(client, -1)
    const next = () => this.#queue.take((other) => this.#mayEnter(other))
    for (let waiting = next(); waiting; waiting = next()) waiting.enter()
  }
}

function tooMany(): AppError {
  return new AppError(
    'overloaded',
    'the server has too many requests of this kind. Nothing was changed; try again in a moment.',
  )
}
