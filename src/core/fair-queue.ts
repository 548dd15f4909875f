import { Tally } from './tally.ts'

/** Whose work it is: a client, and one of its packages. */
export type Turn = { client: string; package: string }

/** Returns how much of something one client may have, so that it leaves some to others. */
export function shareOf(most: number): number {
  return Math.max(1, Math.floor((most * 3) / 4))
}

/** A queue in which clients take turns, and so do the packages of each client. */
export class FairQueue<Item> {
  /** The next client is the first, and so is its next package. */
  readonly #clients = new Map<string, Map<string, Item[]>>()
  readonly #sizes = new Tally()
  #size = 0

  get size(): number {
    return this.#size
  }

  sizeOf(client: string): number {
    return this.#sizes.of(client)
  }

  add(turn: Turn, item: Item): void {
    const packages = this.#clients.get(turn.client) ?? new Map<string, Item[]>()
    const items = packages.get(turn.package) ?? []
    items.push(item)
    packages.set(turn.package, items)
    this.#clients.set(turn.client, packages)
    this.#count(turn.client, 1)
  }

  /** Takes the next item of a client that may take one. */
  take(mayTake: (client: string) => boolean): Item | undefined {
    for (const [client, packages] of this.#clients) {
      const [first] = packages
      if (!first || !mayTake(client)) continue
      const [name, items] = first
      const item = items.shift()
      this.#count(client, -1)
      putLast(packages, name, items, items.length)
      putLast(this.#clients, client, packages, packages.size)
      return item
    }
    return undefined
  }

  delete(turn: Turn, item: Item): void {
    const packages = this.#clients.get(turn.client)
    const items = packages?.get(turn.package)
    const at = items?.indexOf(item) ?? -1
    if (!packages || !items || at < 0) return
    items.splice(at, 1)
    this.#count(turn.client, -1)
    if (items.length === 0) packages.delete(turn.package)
    if (packages.size === 0) this.#clients.delete(turn.client)
  }

  #count(client: string, by: number): void {
    this.#sizes.add(client, by)
    this.#size += by
  }
}

/** Moves an entry to the end of a map, or removes it when nothing of it is left. */
function putLast<Value>(map: Map<string, Value>, key: string, value: Value, left: number): void {
  map.delete(key)
  if (left > 0) map.set(key, value)
}
