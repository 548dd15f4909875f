import { currentClient } from '../core/client.ts'
import { AppError } from '../core/errors.ts'
import { FairQueue } from '../core/fair-queue.ts'

export type GateLimits = {
  /** Maximum number of calls that run at once. */
  atOnce: number
  /** Maximum number of calls that wait. */
  queue: number
  /** Maximum time that a call waits, in milliseconds. */
  wait: number
}

type Waiting = { client: string; enter: () => void }

/** One client leaves some places to others, as it may hold its own for long. */
const PLACES_OF_ONE_CLIENT = 3 / 4
const QUEUE_OF_ONE_CLIENT = 1 / 2
/**
 * Milliseconds before the next call of the queue begins. Node accepts one connection for each turn of its event loop, so
 * without a pause all new connections would wait as long as the queue.
 */
const PAUSE = 5

/** Runs a limited number of calls at once, with clients taking turns, and refuses more than its queue can hold. */
export class Gate {
  readonly #limits: GateLimits
  readonly #queue = new FairQueue<Waiting>()
  /** The number of calls that run, by client. */
  readonly #byClient = new Map<string, number>()
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
    if (this.#mayEnter(client)) this.#count(client, 1)
    else await this.#turn(client)
    try {
      return await work()
    } finally {
      this.#leave(client)
    }
  }

  /** Returns the function to call once, when the work is done. Throws as `pass` does. */
  async enter(): Promise<() => void> {
    const done = Promise.withResolvers<void>()
    const entered = Promise.withResolvers<() => void>()
    this.pass(async () => {
      entered.resolve(done.resolve)
      await done.promise
    }).catch(entered.reject)
    return entered.promise
  }

  #mayEnter(client: string): boolean {
    const { atOnce } = this.#limits
    const own = this.#byClient.get(client) ?? 0
    return this.#inside < atOnce && own < partOf(atOnce, PLACES_OF_ONE_CLIENT, client)
  }

  #count(client: string, change: 1 | -1): void {
    this.#inside += change
    const own = (this.#byClient.get(client) ?? 0) + change
    if (own > 0) this.#byClient.set(client, own)
    else this.#byClient.delete(client)
  }

  async #turn(client: string): Promise<void> {
    const { queue, wait } = this.#limits
    const own = this.#queue.sizeOf(client)
    const isFull = this.#queue.size >= queue || own >= partOf(queue, QUEUE_OF_ONE_CLIENT, client)
    if (isFull) throw tooMany()
    const turn = { client, package: '' }
    await new Promise<void>((resolve, reject) => {
      const waiting: Waiting = {
        client,
        enter: () => {
          clearTimeout(timer)
          setTimeout(resolve, PAUSE)
        },
      }
      const timer = setTimeout(() => {
        this.#queue.delete(turn, waiting)
        reject(tooMany())
      }, wait)
      this.#queue.add(turn, waiting)
    })
  }

  /** Passes free places on. */
  #leave(client: string): void {
    this.#count(client, -1)
    while (this.#inside < this.#limits.atOnce) {
      const next = this.#queue.take((client) => this.#mayEnter(client))
      if (!next) return
      this.#count(next.client, 1)
      next.enter()
    }
  }
}

/** The part that one client may have; all for the server's own work. */
function partOf(all: number, part: number, client: string): number {
  return client === '' ? all : Math.ceil(all * part)
}

function tooMany(): AppError {
  return new AppError(
    'overloaded',
    'the server has too many requests of this kind. Nothing was changed; try again in a moment.',
  )
}
