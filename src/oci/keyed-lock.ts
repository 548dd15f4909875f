/**
 * Runs the work for each key one at a time, in the order of the calls. This folder imports nothing of ours, so it does
 * not use the server's own lock, which also measures how long work holds a key.
 */
export class KeyedLock {
  readonly #last = new Map<string, Promise<unknown>>()

  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key) ?? Promise.resolve()
    const mine = before.then(work)
    // A failure reaches only its own caller, not the next one in the queue.
    const done = mine.catch(() => undefined)
    this.#last.set(key, done)
    try {
      return await mine
    } finally {
      if (this.#last.get(key) === done) this.#last.delete(key)
    }
  }
}
