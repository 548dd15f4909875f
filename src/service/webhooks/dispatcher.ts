import { lastChange } from '../../database/change-log.ts'
import { dueDeliveries, recordAttempt, webhooksDue } from '../../database/webhooks/deliveries.ts'
import { enabledWebhooks } from '../../database/webhooks/webhooks.ts'
import type { PackageRevision } from '../../domain/package-revision.ts'
import type { DeliveryState, DueDelivery } from '../../domain/webhook.ts'
import type { ServiceContext } from '../context.ts'
import { type Outcome, post } from './post.ts'
import { retryDelay } from './retry.ts'
import { routeChanges } from './route-changes.ts'
import type { Targets } from './targets.ts'

export type DispatcherOptions = {
  targets: Targets
  report: (error: unknown) => void
  /** Is told of each attempt: what has become of its delivery. */
  onAttempt?: (state: DeliveryState) => void
  /** Milliseconds that an attempt may take. */
  timeout?: number
  /** Milliseconds until the second attempt, about. */
  firstDelay?: number
  /** How often to look for deliveries whose time has come, in milliseconds. */
  lookEvery?: number
}

const TIMEOUT = 10_000
const LOOK_EVERY = 1000

/** So many requests are under way at once, and to one webhook: one that does not answer leaves room for others. */
const AT_ONCE = 16
const AT_ONCE_EACH = 4

/** Tells webhooks what has happened, until it is stopped. The next process does what is left. */
export class WebhookDispatcher {
  readonly #ctx: ServiceContext
  readonly #options: DispatcherOptions
  readonly #stopped = new AbortController()
  readonly #underWay = new Map<number, DueDelivery>()
  /** All that is going on. */
  readonly #work = new Set<Promise<void>>()
  #view: ((revision: PackageRevision) => object) | undefined
  #clock: NodeJS.Timeout | undefined
  #enabled = false
  #routedTo = 0
  #routing: Promise<void> | undefined
  #behind = false

  constructor(ctx: ServiceContext, options: DispatcherOptions) {
    this.#ctx = ctx
    this.#options = options
  }

  /** Where webhooks may lead. */
  get targets(): Targets {
    return this.#options.targets
  }

  /** Begins, with what an earlier process has left. `view`: a revision as the API shows it. */
  async start(view: (revision: PackageRevision) => object): Promise<void> {
    this.#view = view
    this.#clock ??= setInterval(() => this.#begin(this.#look()), this.#options.lookEvery ?? LOOK_EVERY)
    this.#clock.unref()
    await this.refresh()
  }

  /** To be called when webhooks or their deliveries have been changed. */
  async refresh(): Promise<void> {
    this.#enabled = (await enabledWebhooks(this.#ctx.db)).length > 0
    this.wake()
    this.#begin(this.#look())
  }

  /** To be called after each commit. */
  wake(): void {
    if (!this.#enabled || !this.#view || this.#stopped.signal.aborted) return
    this.#behind = true
    this.#routing ??= this.#route().finally(() => {
      this.#routing = undefined
      if (this.#behind) this.wake()
    })
  }

  /** Begins nothing more. What is under way is cut off, and begun anew by the next process. */
  async stop(): Promise<void> {
    this.#stopped.abort()
    clearInterval(this.#clock)
    await this.#routing
    while (this.#work.size > 0) await Promise.all(this.#work)
  }

  async #route(): Promise<void> {
    while (this.#behind && !this.#stopped.signal.aborted) {
      this.#behind = false
      try {
        // Its own commits wake it, too.
        if ((await lastChange(this.#ctx.db)) <= this.#routedTo) continue
        const { webhooks, position, more } = await this.#ctx.commits.run((transaction) =>
          routeChanges(transaction, this.#ctx.now()),
        )
        this.#routedTo = position
        this.#behind ||= more
        for (const id of webhooks) this.#begin(this.#deliver(id))
      } catch (error) {
        // The next commit wakes it again, and so does the clock.
        this.#options.report(error)
      }
    }
  }

  async #look(): Promise<void> {
    if (!this.#enabled || this.#stopped.signal.aborted) return
    try {
      this.wake()
      for (const id of await webhooksDue(this.#ctx.db, this.#now())) await this.#deliver(id)
    } catch (error) {
      this.#options.report(error)
    }
  }

  /** Begins as many deliveries of a webhook as there is room for. */
  async #deliver(webhookId: number): Promise<void> {
    try {
      if (!this.#hasRoom(webhookId)) return
      // Those that end while the database is asked may be in its answer, too.
      const busy = new Set(this.#underWay.keys())
      const due = await dueDeliveries(this.#ctx.db, webhookId, this.#now(), 2 * AT_ONCE_EACH)
      for (const delivery of due) {
        if (busy.has(delivery.id) || this.#underWay.has(delivery.id) || !this.#hasRoom(webhookId)) continue
        this.#begin(this.#attempt(delivery))
      }
    } catch (error) {
      this.#options.report(error)
    }
  }

  /** `work` never fails. */
  #begin(work: Promise<void>): void {
    const done = work.finally(() => this.#work.delete(done))
    this.#work.add(done)
  }

  #hasRoom(webhookId: number): boolean {
    if (this.#stopped.signal.aborted || this.#underWay.size >= AT_ONCE) return false
    const own = [...this.#underWay.values()].filter(({ webhook }) => webhook.id === webhookId)
    return own.length < AT_ONCE_EACH
  }

  async #attempt(delivery: DueDelivery): Promise<void> {
    this.#underWay.set(delivery.id, delivery)
    let recorded = false
    try {
      const start = performance.now()
      const outcome = await this.#post(delivery)
      if (this.#stopped.signal.aborted) return
      await this.#record(delivery, outcome, Math.round(performance.now() - start))
      recorded = true
    } catch (error) {
      this.#options.report(error)
    } finally {
      const wasFull = this.#underWay.size >= AT_ONCE
      this.#underWay.delete(delivery.id)
      // What could not be recorded is made again, but not before the clock says so.
      if (recorded && wasFull) this.#begin(this.#look())
      else if (recorded) this.#begin(this.#deliver(delivery.webhook.id))
    }
  }

  #post({ id, event, attempts, createdAt, content, webhook }: DueDelivery): Promise<Outcome> {
    const body = JSON.stringify({
      delivery: id,
      event,
      webhook: webhook.name,
      createdAt,
      attempt: attempts + 1,
      sentAt: this.#now(),
      packageRevision: content && this.#view?.(content),
    })
    const headers = {
      'User-Agent': 'pkgserver',
      'X-Pkgserver-Event': event,
      'X-Pkgserver-Delivery': String(id),
    }
    const { targets, timeout = TIMEOUT } = this.#options
    return post({ ...webhook, headers, body }, { targets, timeout, signal: this.#stopped.signal })
  }

  async #record(delivery: DueDelivery, outcome: Outcome, duration: number): Promise<void> {
    const statusCode = 'statusCode' in outcome ? outcome.statusCode : null
    const error = 'error' in outcome ? outcome.error : null
    const next = statusCode !== null && statusCode >= 200 && statusCode < 300 ? null : this.#next(delivery)
    const delivered = next === null
    const state = delivered ? 'Delivered' : next > delivery.giveUpAt ? 'GivenUp' : 'Pending'
    const nextAttempt = state === 'Pending' ? next : null
    await this.#ctx.commits.run((transaction) =>
      recordAttempt(transaction, delivery.id, { state, statusCode, error, duration, nextAttempt }),
    )
    this.#options.onAttempt?.(state)
  }

  #next({ attempts }: DueDelivery): string {
    const delay = retryDelay(attempts + 1, this.#options.firstDelay)
    return new Date(this.#ctx.now().getTime() + delay).toISOString()
  }

  #now(): string {
    return this.#ctx.now().toISOString()
  }
}
