type Waiting = { bytes: number; go: () => void }

/** Limits the bytes in memory at a time. Work that needs more than is left waits, in the order of arrival. */
export class MemoryBudget {
  readonly #total: number
  #left: number
  readonly #waiting: Waiting[] = []

  constructor(total: number) {
    this.#total = total
    this.#left = total
  }

  /** Runs work that holds up to `wanted` bytes. Work that wants more than the whole budget runs alone. */
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
