/**
 * How a collection and those who push agree, within a process and between several on one store.
 *
 * Before the collector deletes anything, it writes down what, and then looks once more whether anything needs it.
 * Those who push first write what needs something (a link, a manifest), then wait for that list to be gone if it
 * names what they need, and then see whether it is still there. Whichever of the two writes second sees what the
 * other has written: nothing that is needed is deleted without its needer finding out before it tells its client.
 */
import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { busy } from '../errors.ts'
import { CONDEMNED_KEY } from '../keys.ts'
import type { BlobStore } from '../store/blob-store.ts'

type List = {
  /** Whose it is. */
  id: string
  /** When it was written, in milliseconds since 1970. */
  at: number
  digests: string[]
}

/** After this time a list is what a process that has died has left, in milliseconds. */
const ABANDONED = 10 * 60 * 1000
/** And this long its owner goes on deleting. The difference makes up for clocks that differ. */
const LEASE = 5 * 60 * 1000
/** How long those who push wait for a collection, and how long between two looks. */
const PATIENCE = 30_000
const INTERVAL = 25

export class Condemned {
  readonly #store: BlobStore
  readonly #now: () => number
  /** The lists that this process writes or works on. */
  readonly #mine = new Set<string>()

  constructor(store: BlobStore, now: () => number) {
    this.#store = store
    this.#now = now
  }

  /** Waits until none of these is about to be deleted. Throws TOOMANYREQUESTS where that takes too long. */
  async settled(digests: readonly string[]): Promise<void> {
    // Hardly ever is there a list: to see that costs less than to read it.
    if (!(await this.#store.stat(CONDEMNED_KEY))) return
    for (let waited = 0; waited <= PATIENCE; waited += INTERVAL) {
      const list = await this.#read()
      if (!list?.digests.some((digest) => digests.includes(digest))) return
      if (await this.#dropAbandoned(list)) return
      await delay(INTERVAL)
    }
    throw busy('a collection of garbage is at work on this; try again', 5)
  }

  /**
   * Runs a deletion while the digests are condemned: `work` looks again what needs them, and may go on deleting while
   * `mayGoOn`. Resolves to undefined, and nothing is done, where another process collects.
   */
  async run<T>(
    digests: readonly string[],
    work: (mayGoOn: () => boolean) => Promise<T>,
  ): Promise<T | undefined> {
    const list: List = { id: randomUUID(), at: this.#now(), digests: [...digests] }
    // Before it is written: others see it before that has resolved.
    this.#mine.add(list.id)
    try {
      if (!(await this.#claim(list))) return undefined
      return await work(() => this.#now() - list.at < LEASE)
    } finally {
      this.#mine.delete(list.id)
      const current = await this.#read()
      if (current?.id === list.id) await this.#store.delete(CONDEMNED_KEY, current.version)
    }
  }

  /** Removes the list that a process which has died has left, if there is one. */
  async tidy(): Promise<void> {
    const list = await this.#read()
    if (list) await this.#dropAbandoned(list)
  }

  async #claim(list: List): Promise<boolean> {
    const bytes = Buffer.from(JSON.stringify(list))
    if (await this.#store.put(CONDEMNED_KEY, bytes, null)) return true
    const other = await this.#read()
    if (other && !(await this.#dropAbandoned(other))) return false
    return this.#store.put(CONDEMNED_KEY, bytes, null)
  }

  async #dropAbandoned({ id, at, version }: List & { version: string }): Promise<boolean> {
    // Of a store that only this process uses, every list but its own is of one that has died.
    const abandoned = this.#store.shared ? this.#now() - at >= ABANDONED : !this.#mine.has(id)
    if (!abandoned) return false
    return this.#store.delete(CONDEMNED_KEY, version)
  }

  async #read(): Promise<(List & { version: string }) | undefined> {
    const stored = await this.#store.get(CONDEMNED_KEY)
    return stored && { ...JSON.parse(Buffer.from(stored.bytes).toString()), version: stored.version }
  }
}
