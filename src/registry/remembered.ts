import { LRUCache } from 'lru-cache'

/** Somebody reads or writes what is under a key; void as soon as somebody else changes that. */
type Ticket = { valid: boolean }

type Bounds<V> =
  | { entries: number }
  /** `bytes` in all, of which each takes what `bytesOf` says. */
  | { bytes: number; bytesOf: (value: V) => number }

/**
 * What has been read from a store, so that it need not be asked again: bounded, and never stale. All changes of what
 * is under a key go through `change`; a read that began before one has ended is used once and not remembered. Of a
 * store that is shared with other processes nothing is remembered.
 */
export class Remembered<V extends object> {
  readonly #values: LRUCache<string, V> | undefined
  readonly #tickets = new Map<string, Set<Ticket>>()

  constructor(shared: boolean, bounds: Bounds<V>) {
    if (shared) return
    this.#values =
      'entries' in bounds
        ? // With `max` it takes memory for all of them at once, and all of it is cleared with each last entry.
          new LRUCache({ maxSize: bounds.entries, sizeCalculation: () => 1 })
        : new LRUCache({ maxSize: bounds.bytes, sizeCalculation: bounds.bytesOf })
  }

  /** What is remembered, or else what `load` finds; undefined where that finds nothing, which is not remembered. */
  async get(key: string, load: () => Promise<V | undefined>): Promise<V | undefined> {
    const known = this.#values?.get(key)
    if (known || !this.#values) return known ?? load()
    const ticket = this.#take(key)
    try {
      const value = await load()
      if (value && ticket.valid) this.#values.set(key, value)
      return value
    } finally {
      this.#giveBack(key, ticket)
    }
  }

  /** Does the write. Where that has succeeded and nobody else has changed the same, `value` is what is there now. */
  async change<T>(key: string, write: () => Promise<T>, value?: V): Promise<T> {
    if (!this.#values) return write()
    this.#void(key)
    const ticket = this.#take(key)
    try {
      const result = await write()
      const valid = ticket.valid
      this.#void(key)
      if (valid && value) this.#values.set(key, value)
      return result
    } catch (error) {
      this.#void(key)
      throw error
    } finally {
      this.#giveBack(key, ticket)
    }
  }

  #void(key: string): void {
    this.#values?.delete(key)
    for (const ticket of this.#tickets.get(key) ?? []) ticket.valid = false
  }

  #take(key: string): Ticket {
    const ticket = { valid: true }
    const taken = this.#tickets.get(key)
    if (taken) taken.add(ticket)
    else this.#tickets.set(key, new Set([ticket]))
    return ticket
  }

  #giveBack(key: string, ticket: Ticket): void {
    const taken = this.#tickets.get(key)
    taken?.delete(ticket)
    if (taken?.size === 0) this.#tickets.delete(key)
  }
}
