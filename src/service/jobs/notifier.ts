/** Tells whoever waits that something has changed. What it is, they read where it is kept: nothing is lost or queued. */
export class Changes {
  readonly #waiting = new Map<string, { changed: Promise<void>; tell: () => void }>()

  /** Resolves with the next change. */
  next(key: string): Promise<void> {
    const known = this.#waiting.get(key)
    if (known) return known.changed
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#waiting.set(key, { changed: promise, tell: resolve })
    return promise
  }

  tell(key: string): void {
    this.#waiting.get(key)?.tell()
    this.#waiting.delete(key)
  }
}
