import { LRUCache } from 'lru-cache'
import { recent } from '../core/recent.ts'

/** A read or write of a key that is in flight. Void as soon as another write of the key begins or ends. */
type InFlight = { valid: boolean }

type Bounds<V> =
  | { entries: number }
  /** The total of what `sizeOf` returns for each value. */
  | { size: number; sizeOf: (value: V) => number }

/**
 * A bounded read-through cache of a store that is never stale. All writes of a key must go through `update`; the
 * result of a read that overlaps a write is returned but not cached. Caches nothing of a store that other processes
 * write to.
 */
export class ReadCache<V extends object> {
  readonly #values: LRUCache<string, V> | undefined
  readonly #inFlight = new Map<string, Set<InFlight>>()

  constructor(shared: boolean, bounds: Bounds<V>) {
    if (shared) return
    this.#values =
      'entries' in bounds
        ? recent(bounds.entries)
        : new LRUCache({ maxSize: bounds.size, sizeCalculation: bounds.sizeOf })
  }

  /** Returns the cached value, or else what `load` finds. Does not cache that there is nothing. */
  async get(key: string, load: () => Promise<V | undefined>): Promise<V | undefined> {
    const cached = this.#values?.get(key)
    if (cached || !this.#values) return cached ?? load()
    const read = this.#begin(key)
    try {
      const value = await load()
      if (value && read.valid) this.#values.set(key, value)
      return value
    } finally {
      this.#end(key, read)
    }
  }

  /** Runs a write. Caches `value`, if given, after a success that no other write of the key overlapped. */
  async update<T>(key: string, write: () => Promise<T>, value?: V): Promise<T> {
    if (!this.#values) return write()
    this.#invalidate(key)
    const update = this.#begin(key)
    try {
      const result = await write()
      const { valid } = update
      this.#invalidate(key)
      if (valid && value) this.#values.set(key, value)
      return result
    } catch (error) {
      this.#invalidate(key)
      throw error
    } finally {
      this.#end(key, update)
    }
  }

  #invalidate(key: string): void {
    this.#values?.delete(key)
    for (const operation of this.#inFlight.get(key) ?? []) operation.valid = false
  }

  #begin(key: string): InFlight {
    const operation = { valid: true }
    const others = this.#inFlight.get(key)
    if (others) others.add(operation)
    else this.#inFlight.set(key, new Set([operation]))
    return operation
  }

  #end(key: string, operation: InFlight): void {
    const operations = this.#inFlight.get(key)
    operations?.delete(operation)
    if (operations?.size === 0) this.#inFlight.delete(key)
  }
}
