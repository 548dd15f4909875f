import { setImmediate, setTimeout } from 'node:timers/promises'
import { changesAfter, lastChange, logRange } from '../../database/change-log.ts'
import type { Reader } from '../../database/connection.ts'
import type { RevisionChange } from '../../domain/change.ts'

/** So much of what happened last is remembered for all. Who is further behind reads the database. */
const RECENT_CHANGES = 2000
const RECENT_BYTES = 16 * 1024 * 1024

/** What is handed out at once: it waits in memory until its reader has taken it. */
const PORTION_CHANGES = 200
const PORTION_BYTES = 512 * 1024

/** The most that those who follow wait for others, in milliseconds. */
const LONGEST_PAUSE = 100

/** Is told of each change once, in their order: of those behind `from`. */
export type OnNews = (changes: readonly RevisionChange[], from: number) => void

/**
 * The log of changes for many who follow it: new changes are read once, and handed to each as he asks for what comes
 * behind his position. Nothing is queued for anybody.
 */
export class ChangeFeed {
  readonly #db: Reader
  readonly #report: (error: unknown) => void
  readonly #onNews: OnNews
  #followers = 0
  /** The changes behind `#start`, up to `#head`. */
  #recent: RevisionChange[] = []
  #recentBytes = 0
  #start = 0
  /** Undefined while nobody follows. */
  #head: number | undefined
  /** The same portion for all who are at the same position. */
  #portions = new Map<number, Promise<readonly RevisionChange[]>>()
  #awake = false
  #behind = false

  constructor(db: Reader, report: (error: unknown) => void, onNews: OnNews) {
    this.#db = db
    this.#report = report
    this.#onNews = onNews
  }

  /** Begins to read; the caller has to `leave`. */
  async join(): Promise<void> {
    this.#followers++
    if (this.#followers > 1) return
    const last = await lastChange(this.#db)
    if (this.#followers === 0 || this.#head !== undefined) return
    this.#begin(last)
    // For what has been committed since it was asked.
    this.wake()
  }

  leave(): void {
    this.#followers--
    if (this.#followers === 0) this.#begin(undefined)
  }

  /** The next changes behind a position, in their order; undefined where some of them are no longer kept. */
  async after(position: number): Promise<readonly RevisionChange[] | undefined> {
    if (this.#head === undefined || position < this.#start) return this.#stored(position)
    const known = this.#portions.get(position)
    if (known) return known
    const portion = Promise.resolve(this.#portionAfter(position))
    this.#portions.set(position, portion)
    return portion
  }

  /** To be called after each commit. */
  wake(): void {
    if (this.#followers === 0) return
    this.#behind = true
    if (!this.#awake) void this.#read()
  }

  async #read(): Promise<void> {
    this.#awake = true
    while (this.#behind && this.#followers > 0) {
      this.#behind = false
      try {
        if (await this.#readNew()) await this.#pause()
      } catch (error) {
        this.#report(error)
      }
    }
    this.#awake = false
  }

  async #readNew(): Promise<boolean> {
    // Whoever has joined last is still finding out where to begin.
    const from = this.#head
    if (from === undefined) return false
    const changes = await changesAfter(this.#db, from, PORTION_CHANGES)
    const last = changes.at(-1)
    if (!last || this.#followers === 0) return false
    this.#behind ||= changes.length === PORTION_CHANGES
    this.#remember(changes)
    this.#head = last.resourceVersion
    this.#portions.clear()
    this.#onNews(changes, from)
    return true
  }

  /** Those who follow have half of the thread at most: what is to be followed has to happen, too. */
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

  #portionAfter(position: number): readonly RevisionChange[] {
    let start = this.#recent.length
    while (start > 0 && (this.#recent[start - 1] as RevisionChange).resourceVersion > position) start--
    return portion(this.#recent.slice(start, start + PORTION_CHANGES))
  }

  async #stored(position: number): Promise<readonly RevisionChange[] | undefined> {
    const changes = await changesAfter(this.#db, position, PORTION_CHANGES)
    // Asked for afterwards: what has been deleted meanwhile is missing then.
    const { oldest } = await logRange(this.#db)
    return position < oldest ? undefined : portion(changes)
  }

  #begin(position: number | undefined): void {
    this.#recent = []
    this.#recentBytes = 0
    this.#start = position ?? 0
    this.#head = position
    this.#portions.clear()
  }
}

function portion(changes: readonly RevisionChange[]): readonly RevisionChange[] {
  let bytes = 0
  const end = changes.findIndex((change) => {
    bytes += change.bytes
    return bytes > PORTION_BYTES
  })
  return end === -1 ? changes : changes.slice(0, Math.max(end, 1))
}
