import { LRUCache } from 'lru-cache'

/**
 * A cache of the entries that were used last, so many of them. The option `max` would allocate all of them up front, and
 * clear them whenever the cache becomes empty.
 */
export function recent<Value extends object | number | string | boolean>(
  entries: number,
): LRUCache<string, Value> {
  return new LRUCache({ maxSize: entries, sizeCalculation: () => 1 })
}
