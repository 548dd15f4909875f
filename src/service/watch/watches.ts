import { AppError } from '../../core/errors.ts'
import { logRange } from '../../database/change-log.ts'
import type { PackageRevisionFilter } from '../../database/package-revisions/filter.ts'
import type { RevisionChange } from '../../domain/change.ts'
import type { Sort } from '../../domain/package-revision.ts'
import type { Caller } from '../access/policy.ts'
import type { CallerStream, StreamRights } from '../access/stream-rights.ts'
import { visibleTo } from '../access/visible.ts'
import type { ServiceContext } from '../context.ts'
import { listPackageRevisions } from '../queries/list-package-revisions.ts'
import { ChangeFeed } from './change-feed.ts'
import { DerivedFields } from './derived-fields.ts'
import { WatchFilter } from './watch-filter.ts'
import { WatchGroup } from './watch-group.ts'
import type { WatchEvent, WatchMessage } from './watch-message.ts'

export type WatchRequest = {
  caller: Caller
  filter: PackageRevisionFilter
  /** The position whose next changes are sent. */
  after: number
  /** Whether the existing revisions are sent first. */
  initial: boolean
}

export type WatchesOptions = {
  report: (error: unknown) => void
  /** The maximum number of watches. */
  limit?: number
  /** Milliseconds between heartbeats; proxies close connections that are idle for longer. */
  quietAfter?: number
  /** Milliseconds until a client that does not read is disconnected. */
  slowAfter?: number
}

const BY_NAME: Sort = { field: 'name', descending: false }
const INITIAL_BATCH = 100

/** All watches of package revisions. */
export class Watches {
  readonly slowAfter: number
  readonly #ctx: ServiceContext
  readonly #feed: ChangeFeed
  readonly #limit: number
  readonly #drained = new AbortController()
  readonly #timer: NodeJS.Timeout
  #ticks = 0
  #watching = 0
  /** By key of their filter. */
  readonly #groups = new Map<string, WatchGroup>()
  readonly #fields: DerivedFields
  /** The events of a batch by key of the filter: watchers with the same filter share them. */
  #events = new WeakMap<readonly RevisionChange[], Map<string, readonly WatchEvent[]>>()

  constructor(ctx: ServiceContext, options: WatchesOptions) {
    const { report, limit = 5000, quietAfter = 15_000, slowAfter = 30_000 } = options
    this.#ctx = ctx
    this.#limit = limit
    this.slowAfter = slowAfter
    this.#feed = new ChangeFeed(ctx.db, report, (changes, from) => {
      for (const group of this.#groups.values()) group.receive(changes, from)
    })
    this.#fields = new DerivedFields(ctx.db, () => this.#queries())
    this.#timer = setInterval(() => this.#tick(), quietAfter)
    this.#timer.unref()
  }

  /** The number of watches. */
  get watching(): number {
    return this.#watching
  }

  get full(): boolean {
    return this.#watching >= this.#limit
  }

  /** Must be called after each commit. */
  wake(): void {
    this.#feed.wake()
  }

  /** Ends all watches. */
  drain(): void {
    this.#drained.abort()
    clearInterval(this.#timer)
    this.#wakeAll()
  }

  /**
   * Returns the position to start from: the given one, or the newest. Throws `expired` for a position outside the log of
   * changes.
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

  /**
   * Yields messages until the signal is aborted, the server stops, the caller sees something else than at first, or the
   * client is too far behind to continue.
   */
  async *watch(
    request: WatchRequest,
    streams: StreamRights,
    gone: AbortSignal,
  ): AsyncGenerator<WatchMessage> {
    const { caller, after, initial } = request
    const leave = this.#enter(gone)
    const stream = streams.begin(caller)
    const signal = AbortSignal.any([gone, stream.signal])
    const filter = new WatchFilter(request.filter, visibleTo(caller))
    const group = this.#groups.get(filter.key) ?? new WatchGroup(filter)
    this.#groups.set(filter.key, group)
    group.size++
    stream.signal.addEventListener('abort', () => group.wake(), { once: true })
    try {
      await this.#feed.join()
      if (initial) yield* this.#initial(request, stream, signal)
      yield { type: 'bookmark', position: after }
      yield* this.#changes(group, { filter, after, stream }, signal)
    } finally {
      leave()
      stream.end()
      if (--group.size === 0) this.#groups.delete(filter.key)
      this.#feed.leave()
    }
  }

  /** Counts a watch. A client that disconnects makes room at once, although its watch ends with the next change. */
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

  async *#initial(
    { caller, filter }: WatchRequest,
    stream: CallerStream,
    signal: AbortSignal,
  ): AsyncGenerator<WatchMessage> {
    let token: string | undefined
    do {
      const request = { limit: INITIAL_BATCH, continue: token }
      const page = await listPackageRevisions(this.#ctx, caller, filter, BY_NAME, request)
      if (!(await stream.holds())) return
      if (page.items.length > 0) yield { type: 'initial', revisions: page.items }
      token = page.continue
    } while (token !== undefined && !this.#ended(signal))
  }

  async *#changes(
    group: WatchGroup,
    { filter, after, stream }: { filter: WatchFilter; after: number; stream: CallerStream },
    signal: AbortSignal,
  ): AsyncGenerator<WatchMessage> {
    let position = after
    let sent = after
    let sentAt = this.#ticks
    while (!this.#ended(signal)) {
      // Before reading, so that no change in between is missed.
      const next = group.wait()
      position = group.skip(position)
      const changes = await this.#feed.after(position)
      const last = changes?.at(-1)
      if (changes === undefined || !(await stream.holds())) return
      if (last) {
        position = last.resourceVersion
        const end = yield* this.#send(filter, changes)
        if (end === undefined) continue
        sent = end
        sentAt = this.#ticks
      } else if (sentAt !== this.#ticks) {
        sentAt = this.#ticks
        yield position === sent ? { type: 'quiet' } : { type: 'bookmark', position }
        sent = position
      } else await next
    }
  }

  /** Returns the position of the last event; undefined if there was none. */
  async *#send(
    filter: WatchFilter,
    changes: readonly RevisionChange[],
  ): AsyncGenerator<WatchMessage, number | undefined> {
    if (!filter.isDerived) {
      const events = this.#eventsOf(filter, changes)
      if (events.length > 0) yield { type: 'events', events }
      return events.at(-1)?.change.resourceVersion
    }
    let sent: number | undefined
    for await (const message of filter.derivedEventsOf(this.#ctx.db, changes, this.#fields)) {
      yield message
      if (message.type === 'bookmark') sent = message.position
      if (message.type === 'events') sent = message.events.at(-1)?.change.resourceVersion
    }
    return sent
  }

  #eventsOf(filter: WatchFilter, changes: readonly RevisionChange[]): readonly WatchEvent[] {
    const byFilter = this.#events.get(changes) ?? new Map<string, readonly WatchEvent[]>()
    this.#events.set(changes, byFilter)
    const events = byFilter.get(filter.key) ?? filter.eventsOf(changes)
    byFilter.set(filter.key, events)
    return events
  }

  #ended(signal: AbortSignal): boolean {
    return signal.aborted || this.#drained.signal.aborted
  }

  *#queries(): Generator<string> {
    for (const { filter } of this.#groups.values()) if (filter.q !== undefined) yield filter.q
  }

  /** Sends a heartbeat to idle watchers. */
  #tick(): void {
    this.#ticks++
    this.#wakeAll()
  }

  #wakeAll(): void {
    for (const group of this.#groups.values()) group.wake()
  }
}
