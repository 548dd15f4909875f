/** Who watches package revisions, and what each is told. */

import { AppError } from '../../core/errors.ts'
import { logRange } from '../../database/change-log.ts'
import type { PackageRevisionFilter } from '../../database/package-revisions/filter.ts'
import type { RevisionChange } from '../../domain/change.ts'
import type { Sort } from '../../domain/package-revision.ts'
import type { ServiceContext } from '../context.ts'
import { listPackageRevisions } from '../queries/list-package-revisions.ts'
import { ChangeFeed } from './change-feed.ts'
import { WatchFilter } from './watch-filter.ts'
import { WatchGroup } from './watch-group.ts'
import type { WatchEvent, WatchMessage } from './watch-message.ts'

export type WatchRequest = {
  filter: PackageRevisionFilter
  /** What comes behind this is told. */
  after: number
  /** Whether to begin with all that is there. */
  initial: boolean
}

export type WatchesOptions = {
  report: (error: unknown) => void
  most?: number
  /** More often than proxies cut off a connection on which nothing comes, in milliseconds. */
  quietAfter?: number
  slowAfter?: number
}

const BY_NAME: Sort = { field: 'name', descending: false }
const INITIAL_AT_ONCE = 100

export class Watches {
  /** Who has not read within so many milliseconds what he was sent last is to be cut off. */
  readonly slowAfter: number
  readonly #ctx: ServiceContext
  readonly #feed: ChangeFeed
  readonly #most: number
  readonly #drained = new AbortController()
  readonly #clock: NodeJS.Timeout
  #ticks = 0
  #watching = 0
  /** By their filters, as JSON. */
  readonly #groups = new Map<string, WatchGroup>()
  /** What those with the same filter are told of the same changes. */
  #told = new WeakMap<readonly RevisionChange[], Map<string, readonly WatchEvent[]>>()

  constructor(ctx: ServiceContext, options: WatchesOptions) {
    const { report, most = 5000, quietAfter = 15_000, slowAfter = 30_000 } = options
    this.#ctx = ctx
    this.#most = most
    this.slowAfter = slowAfter
    this.#feed = new ChangeFeed(ctx.db, report, (changes, from) => {
      for (const group of this.#groups.values()) group.tell(changes, from)
    })
    this.#clock = setInterval(() => this.#tick(), quietAfter)
    this.#clock.unref()
  }

  /** How many are watching. */
  get watching(): number {
    return this.#watching
  }

  /** Whether there is no room for one more. */
  get full(): boolean {
    return this.#watching >= this.#most
  }

  /** To be called after each commit. */
  wake(): void {
    this.#feed.wake()
  }

  /** Has all who watch let go. */
  drain(): void {
    this.#drained.abort()
    clearInterval(this.#clock)
    this.#wakeAll()
  }

  /**
   * Where to begin: at that position, or now. Throws `expired` for a position that the log of changes cannot be read
   * from.
   */
  async begin(position: number | undefined): Promise<number> {
    const { oldest, newest } = await logRange(this.#ctx.db)
    if (position === undefined) return newest
    if (position >= oldest && position <= newest) return position
    throw new AppError(
      'expired',
      position < oldest
        ? `the changes after resourceVersion ${position} are no longer kept`
        : `there is no resourceVersion ${position} yet`,
      { remedy: { do: 'watch_again' } },
    )
  }

  /** What a client is told, until the signal is aborted, the server stops, or he is too far behind to go on. */
  async *watch(request: WatchRequest, signal: AbortSignal): AsyncGenerator<WatchMessage> {
    const { after, initial } = request
    const leave = this.#enter(signal)
    const filter = new WatchFilter(request.filter)
    const group = this.#groups.get(filter.key) ?? new WatchGroup(filter)
    this.#groups.set(filter.key, group)
    group.size++
    try {
      await this.#feed.join()
      if (initial) yield* this.#initial(request.filter, signal)
      yield { type: 'bookmark', position: after }
      yield* this.#changes(group, filter, after, signal)
    } finally {
      leave()
      if (--group.size === 0) this.#groups.delete(filter.key)
      this.#feed.leave()
    }
  }

  /** Counts one more. Who has gone makes room at once, though he may be found gone only when there is news. */
  #enter(signal: AbortSignal): () => void {
    let there = true
    const leave = () => {
      if (there) this.#watching--
      there = false
    }
    this.#watching++
    signal.addEventListener('abort', leave, { once: true })
    return leave
  }

  async *#initial(filter: PackageRevisionFilter, signal: AbortSignal): AsyncGenerator<WatchMessage> {
    let token: string | undefined
    do {
      const request = { limit: INITIAL_AT_ONCE, continue: token }
      const page = await listPackageRevisions(this.#ctx, filter, BY_NAME, request)
      if (page.items.length > 0) yield { type: 'initial', revisions: page.items }
      token = page.continue
    } while (token !== undefined && !this.#over(signal))
  }

  async *#changes(
    group: WatchGroup,
    filter: WatchFilter,
    after: number,
    signal: AbortSignal,
  ): AsyncGenerator<WatchMessage> {
    let position = after
    let told = after
    let toldAt = this.#ticks
    while (!this.#over(signal)) {
      // Asked for before reading, so that what comes in between is not missed.
      const next = group.next()
      position = group.skip(position)
      const changes = await this.#feed.after(position)
      const last = changes?.at(-1)
      if (changes === undefined) return
      if (last) {
        position = last.resourceVersion
        const end = yield* this.#tell(filter, changes)
        if (end === undefined) continue
        told = end
        toldAt = this.#ticks
      } else if (toldAt !== this.#ticks) {
        toldAt = this.#ticks
        yield position === told ? { type: 'quiet' } : { type: 'bookmark', position }
        told = position
      } else await next
    }
  }

  /** Returns the position of what was told last; undefined where there was nothing to tell. */
  async *#tell(
    filter: WatchFilter,
    changes: readonly RevisionChange[],
  ): AsyncGenerator<WatchMessage, number | undefined> {
    if (!filter.isDerived) {
      const events = this.#eventsOf(filter, changes)
      if (events.length > 0) yield { type: 'events', events }
      return events.at(-1)?.change.resourceVersion
    }
    let told: number | undefined
    for await (const message of filter.derivedEventsOf(this.#ctx.db, changes)) {
      yield message
      if (message.type === 'bookmark') told = message.position
      if (message.type === 'events') told = message.events.at(-1)?.change.resourceVersion
    }
    return told
  }

  #eventsOf(filter: WatchFilter, changes: readonly RevisionChange[]): readonly WatchEvent[] {
    const byFilter = this.#told.get(changes) ?? new Map<string, readonly WatchEvent[]>()
    this.#told.set(changes, byFilter)
    const events = byFilter.get(filter.key) ?? filter.eventsOf(changes)
    byFilter.set(filter.key, events)
    return events
  }

  #over(signal: AbortSignal): boolean {
    return signal.aborted || this.#drained.signal.aborted
  }

  /** Those whom nothing was told since the last time are told that. */
  #tick(): void {
    this.#ticks++
    this.#wakeAll()
  }

  #wakeAll(): void {
    for (const group of this.#groups.values()) group.wake()
  }
}
