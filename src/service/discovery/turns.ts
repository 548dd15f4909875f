import pLimit, { type LimitFunction } from 'p-limit'

/** Runs work a few at a time, and less for each host, so that a slow one leaves room for others. */
export class Turns {
  readonly #all: LimitFunction
  readonly #each: number
  readonly #hosts = new Map<string, LimitFunction>()

  constructor({ all, each }: { all: number; each: number }) {
    this.#all = pLimit(all)
    this.#each = each
  }

  async run<T>(host: string, work: () => Promise<T>): Promise<T> {
    const turns = this.#hosts.get(host) ?? pLimit(this.#each)
    this.#hosts.set(host, turns)
    try {
      return await turns(() => this.#all(work))
    } finally {
      if (turns.activeCount + turns.pendingCount === 0) this.#hosts.delete(host)
    }
  }
}
