/** Runs the work for each key one at a time, in the order of the calls; different keys do not wait for each other. */
export class KeyedLock {
  readonly #last = new Map<string, Promise<unknown>>()
  /** The work that holds any key, oldest first. */
  readonly #working = new Set<{ since: number }>()

  /** The start of the longest-running work that holds any key, in milliseconds since 1970. */
  get workingSince(): number | undefined {
    const [oldest] = this.#working
    return oldest?.since
  }

  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key)
    const mine = before ? before.then(() => this.#hold(work)) : this.#hold(work)
    // A failure reaches only its own caller, not the next one in the queue.
    const done = mine.catch(() => undefined)
    this.#last.set(key, done)
    try {
      return await mine
    } finally {
      if (this.#last.get(key) === done) this.#last.delete(key)
    }
  }

  async #hold<T>(work: () => Promise<T>): Promise<T> {
    const held = { since: Date.now() }
    this.#working.add(held)
    try {
      return await work()
    } finally {
      this.#working.delete(held)
    }
  }
}
