/** One holder at a time for each key, in the order of arrival; different keys do not wait for each other. */
export class KeyedLock {
  readonly #last = new Map<string, Promise<unknown>>()
  /** When each work that is going on began, the oldest first. */
  readonly #working = new Set<{ since: number }>()

  /** Since when the oldest work is going on that holds any key, in milliseconds since 1970. */
  get workingSince(): number | undefined {
    const [oldest] = this.#working
    return oldest?.since
  }

  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key)
    const hold = () => this.#hold(work)
    const mine = before ? before.then(hold, hold) : hold()
    // Whoever waits for this holder is not told of its failure: that is for its own caller.
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
