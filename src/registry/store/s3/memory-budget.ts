type Waiting = { bytes: number; go: () => void }

/** Bytes that may be in memory at a time. Who wants more than is left waits, in the order of arrival. */
export class MemoryBudget {
  readonly #total: number
  #left: number
  readonly #waiting: Waiting[] = []

  constructor(total: number) {
    this.#total = total
    this.#left = total
  }

  /** What wants more than there is gets all of it, and is alone then. */
  async run<T>(wanted: number, work: () => Promise<T>): Promise<T> {
    const bytes = Math.min(wanted, this.#total)
    await new Promise<void>((go) => {
      this.#waiting.push({ bytes, go })
      this.#admit()
    })
    try {
      return await work()
    } finally {
      this.#left += bytes
      this.#admit()
    }
  }

  #admit(): void {
    for (let next = this.#waiting[0]; next && next.bytes <= this.#left; next = this.#waiting[0]) {
      this.#waiting.shift()
      this.#left -= next.bytes
      next.go()
    }
  }
}
