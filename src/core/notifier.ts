/** Wakes waiting callers when something has changed. They read the new state themselves, so nothing is queued. */
export class Notifier {
  readonly #waiting = new Map<string, PromiseWithResolvers<void>>()

  /** Resolves with the next notification. Call it before reading, or a change in between is missed. */
  wait(key = ''): Promise<void> {
    const waiting = this.#waiting.get(key) ?? Promise.withResolvers<void>()
    this.#waiting.set(key, waiting)
    return waiting.promise
  }

  notify(key = ''): void {
    this.#waiting.get(key)?.resolve()
    this.#waiting.delete(key)
  }
}
