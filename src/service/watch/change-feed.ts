import { setImmediate, setTimeout } from 'node:timers/promises'
import { changesAfter, lastChange, logRange } from '../../database/change-log.ts'
import type { Reader } from '../../database/connection.ts'
import type { RevisionChange } from '../../domain/change.ts'

/** The newest changes are kept in memory for all watchers. Watchers that are further behind read the database. */
const RECENT_CHANGES = 2000
const RECENT_BYTES = 16 * 1024 * 1024

/** The size of a batch, which stays in memory until its watcher has sent it. */
const BATCH_CHANGES = 200
const BATCH_BYTES = 512 * 1024

/** The longest pause between two reads, in milliseconds. */
const LONGEST_PAUSE = 100

/** Called once with each change, in order; `from` is the position before the first. */
export type OnChanges = (changes: readonly RevisionChange[], from: number) => void

/**
 * Follows the log of changes for many watchers: new changes are read once, and each watcher asks for those after its
 * position. Nothing is queued for slow ones.
 */
export class ChangeFeed {
  readonly #db: Reader
  readonly #report: (error: unknown) => void
  readonly #onChanges: OnChanges
  #followers = 0
  /** The changes after `#start`, up to `#head`. */
  #recent: RevisionChange[] = []
  #recentBytes = 0
  #start = 0
  /** Undefined without followers. */
  #head: number | undefined
  /** Watchers at the same position share a batch. */
  #batches = new Map<number, Promise<readonly RevisionChange[]>>()
  #reading = false
  #behind = false

  constructor(db: Reader, report: (error: unknown) => void, onChanges: OnChanges) {
    this.#db = db
    this.#report = report
    this.#onChanges = onChanges
  }

  /** Adds a follower, which must call `leave`. */
  async join(): Promise<void> {
    this.#followers++
    if (this.#followers > 1) return
    const last = await lastChange(this.#db)
    if (this.#followers === 0 || this.#head !== undefined) return
    this.#begin(last)
    // Commits during the query have woken nothing.
    this.wake()
  }

  leave(): void {
    this.#followers--
    if (this.#followers === 0) this.#begin(undefined)
  }

  /** Returns the next changes after a position, in order; undefined if some of them are no longer kept. */
  async after(position: number): Promise<readonly RevisionChange[] | undefined> {
    if (this.#head === undefined || position < this.#start) return this.#stored(position)
    const known = this.#batches.get(position)
    if (known) return known
    const batch = Promise.resolve(this.#batchAfter(position))
    this.#batches.set(position, batch)
    return batch
  }

  /** Must be called after each commit. */
  wake(): void {
    if (this.#followers === 0) return
    this.#behind = true
    if (!this.#reading) void this.#read()
  }

  async #read(): Promise<void> {
    this.#reading = true
    while (this.#behind && this.#followers > 0) {
      this.#behind = false
      try {
        if (await this.#readNew()) await this.#pause()
      } catch (error) {
        this.#report(error)
      }
    }
    this.#reading = false
  }

  async #readNew(): Promise<boolean> {
    // Undefined while `join` is still reading it.
    const from = this.#head
    if (from === undefined) return false
    const changes = await changesAfter(this.#db, from, BATCH_CHANGES)
    const last = changes.at(-1)
    if (!last || this.#followers === 0) return false
    this.#behind ||= changes.length === BATCH_CHANGES
    this.#remember(changes)
    this.#head = last.resourceVersion
    this.#batches.clear()
    this.#onChanges(changes, from)
    return true
  }

  /** Leaves half of the thread to others, so that a burst of changes does not starve requests. */
  async #pause(): Promise<void> {
    const start = performance.now()
    await setImmediate()
    await setTimeout(Math.min(performance.now() - start, LONGEST_PAUSE))
  }

  #remember(changes: readonly RevisionChange[]): void {
    for (const change of changes) {
      this.#recent.push(change)
      this.#recentBytes += change.bytes
    }
    let gone = 0
    while (this.#recent.length - gone > RECENT_CHANGES || this.#recentBytes > RECENT_BYTES) {
      const oldest = this.#recent[gone++] as RevisionChange
      this.#recentBytes -= oldest.bytes
      this.#start = oldest.resourceVersion
    }
    if (gone > 0) this.#recent = this.#recent.slice(gone)
  }

  #batchAfter(position: number): readonly RevisionChange[] {
    let start = this.#recent.length
    while (start > 0 && (this.#recent[start - 1] as RevisionChange).resourceVersion > position) start--
    return withinBytes(this.#recent.slice(start, start + BATCH_CHANGES))
  }

  async #stored(position: number): Promise<readonly RevisionChange[] | undefined> {
    const changes = await changesAfter(this.#db, position, BATCH_CHANGES)
    // After the first query, so that changes deleted meanwhile are noticed.
    const { oldest } = await logRange(this.#db)
    return position < oldest ? undefined : withinBytes(changes)
  }

  #begin(position: number | undefined): void {
    this.#recent = []
    this.#recentBytes = 0
    this.#start = position ?? 0
    this.#head = position
    this.#batches.clear()
  }
}

/** Returns the first changes, at least one, that fit into a batch. */
function withinBytes(changes: readonly RevisionChange[]): readonly RevisionChange[] {
  let bytes = 0
  const end = changes.findIndex((change) => {
    bytes += change.bytes
    return bytes > BATCH_BYTES
  })
  return end === -1 ? changes : changes.slice(0, Math.max(end, 1))
}
