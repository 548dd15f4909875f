/**
 * Coordinates pushes with the garbage collector, in one process and between processes that share a store.
 *
 * Before it deletes anything, the collector stores a list of what it is about to delete, and then checks again that
 * nothing needs it. A push first stores what refers to content (a link, a manifest), then waits until no list names
 * that content, and then checks that it still exists. Each side writes before it reads, so at least one of them sees
 * the other: either the collector spares the content, or the push finds it gone before it acknowledges anything.
 */
import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { busy } from '../errors.ts'
import { PENDING_DELETIONS_KEY } from '../keys.ts'
import type { BlobStore } from '../store/blob-store.ts'

type List = {
  /** Identifies the deletion that owns the list. */
  id: string
  /** When it was written, in milliseconds since 1970. */
  at: number
  digests: string[]
}

/** How long a list is valid. An older one was left by a process that died, in milliseconds. */
const ABANDONED = 10 * 60 * 1000
/** How long its owner goes on deleting, in milliseconds. Shorter, to allow for clocks that differ. */
const LEASE = 5 * 60 * 1000
/** How long a push waits for a collection, and how often it checks, in milliseconds. */
const PATIENCE = 30_000
const INTERVAL = 25

export class PendingDeletions {
  readonly #store: BlobStore
  readonly #now: () => number
  /** The ids of the lists that this process owns. */
  readonly #own = new Set<string>()

  constructor(store: BlobStore, now: () => number) {
    this.#store = store
    this.#now = now
  }

  /** Waits until none of the digests is about to be deleted. Throws TOOMANYREQUESTS if that takes too long. */
  async settled(digests: readonly string[]): Promise<void> {
    // There is hardly ever a list, and `stat` costs less than `get`.
    if (!(await this.#store.stat(PENDING_DELETIONS_KEY))) return
    const needed = new Set(digests)
    for (let waited = 0; waited <= PATIENCE; waited += INTERVAL) {
      const list = await this.#read()
      if (!list?.digests.some((digest) => needed.has(digest))) return
      if (await this.#dropAbandoned(list)) return
      await delay(INTERVAL)
    }
    throw busy('a garbage collection is using this content: try again', 5)
  }

  /**
   * Announces the deletion of the digests and runs it. `work` checks again that nothing needs them, and deletes only
   * while `mayContinue` returns true. Does nothing and returns undefined if another process is deleting.
   */
  async run<T>(
    digests: readonly string[],
    work: (mayContinue: () => boolean) => Promise<T>,
  ): Promise<T | undefined> {
    const list: List = { id: randomUUID(), at: this.#now(), digests: [...digests] }
    // Before the write: a push can see the list before the write resolves, and must not take it for abandoned.
    this.#own.add(list.id)
    try {
      if (!(await this.#claim(list))) return undefined
      return await work(() => this.#now() - list.at < LEASE)
    } finally {
      this.#own.delete(list.id)
      const current = await this.#read()
      if (current?.id === list.id) await this.#store.delete(PENDING_DELETIONS_KEY, current.version)
    }
  }

  /** Removes a list that was left by a process that died. */
  async tidy(): Promise<void> {
    const list = await this.#read()
    if (list) await this.#dropAbandoned(list)
  }

  async #claim(list: List): Promise<boolean> {
    const bytes = Buffer.from(JSON.stringify(list))
    if (await this.#store.put(PENDING_DELETIONS_KEY, bytes, null)) return true
    const other = await this.#read()
    if (other && !(await this.#dropAbandoned(other))) return false
    return this.#store.put(PENDING_DELETIONS_KEY, bytes, null)
  }

  async #dropAbandoned({ id, at, version }: List & { version: string }): Promise<boolean> {
    // A store that is not shared is used by this process only, so any list it does not own is abandoned.
    const abandoned = this.#store.shared ? this.#now() - at >= ABANDONED : !this.#own.has(id)
    if (!abandoned) return false
    return this.#store.delete(PENDING_DELETIONS_KEY, version)
  }

  async #read(): Promise<(List & { version: string }) | undefined> {
    const stored = await this.#store.get(PENDING_DELETIONS_KEY)
    return stored && { ...JSON.parse(Buffer.from(stored.bytes).toString()), version: stored.version }
  }
}
