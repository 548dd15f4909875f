import { withOrigin } from '../../core/origin.ts'
import { lastChange } from '../../database/change-log.ts'
import { dueDeliveries, recordAttempt, webhooksDue } from '../../database/webhooks/deliveries.ts'
import { enabledWebhooks } from '../../database/webhooks/webhooks.ts'
import type { PackageRevision } from '../../domain/package-revision.ts'
import type { DeliveryState, DueDelivery, WebhookFilter } from '../../domain/webhook.ts'
import { Connections, type Proxies } from '../../oci/remote/connections.ts'
import { audit, SERVER } from '../audit/record.ts'
import type { ServiceContext } from '../context.ts'
import { type Outcome, post } from './post.ts'
import { resultOf } from './result.ts'
import { disableWebhook, routeChanges } from './route-changes.ts'
import { refusal, type Targets } from './targets.ts'

/** Resolves to a revision as the receiver of a webhook with this filter may see it. */
type View = (revision: PackageRevision, filter: WebhookFilter) => Promise<object>

export type DispatcherOptions = {
  targets: Targets
  proxies?: Proxies | undefined
  report: (error: unknown) => void
  /** Called after each attempt, with the new state of the delivery. */
  onAttempt?: (state: DeliveryState) => void
  /** Called with the name of a webhook that is disabled because its receiver is gone. */
  onGone?: (webhook: string) => void
  /** Milliseconds that an attempt may take. */
  timeout?: number
  /** Milliseconds until the second attempt, approximately. */
  firstDelay?: number
  /** Milliseconds between polls for due deliveries. */
  pollEvery?: number
}

const TIMEOUT = 10_000
const POLL_EVERY = 1000

/** Requests in flight, in all and to one webhook, so that one that does not answer leaves room for others. */
const CONCURRENCY = 16
const CONCURRENCY_EACH = 4
/** Those to webhooks that did not answer their last request soon, one to each: many of them leave room as well. */
const CONCURRENCY_SLOW = 8
/** Milliseconds. */
const SOON = 2000

/**
 * Sends deliveries until it is stopped; the next process sends the rest. They wait in the database, not in memory: each
 * is read just before it is sent, so webhooks that were changed or deleted meanwhile are respected.
 */
export class WebhookDispatcher {
  readonly #ctx: ServiceContext
  readonly #options: DispatcherOptions
  readonly #connections: Connections
  readonly #stopped = new AbortController()
  readonly #inFlight = new Map<number, DueDelivery>()
  /** Until when receivers want no requests, in milliseconds since 1970, by webhook. */
  readonly #paused = new Map<number, number>()
  /** Whether a webhook has answered its last request soon. */
  readonly #prompt = new Map<number, boolean>()
  /** When the last request to a webhook began, counted in requests. */
  readonly #lastRequest = new Map<number, number>()
  #requests = 0
  /** Everything that `stop` waits for. */
  readonly #work = new Set<Promise<void>>()
  #view: View | undefined
  #timer: NodeJS.Timeout | undefined
  #enabled = false
  #routedTo = 0
  #routing: Promise<void> | undefined
  #behind = false

  constructor(ctx: ServiceContext, options: DispatcherOptions) {
    this.#ctx = ctx
    this.#options = options
    const { targets, proxies } = options
    const guard = (address: string) => refusal(address, targets)
    this.#connections = new Connections({ guard, proxies, keepAlive: false })
  }

  /** The addresses that webhooks may call. */
  get targets(): Targets {
    return this.#options.targets
  }

  /** Starts, beginning with the deliveries of earlier processes. `view` returns a revision as the API shows it. */
  async start(view: View): Promise<void> {
    this.#view = view
    this.#timer ??= setInterval(() => this.#track(this.#poll()), this.#options.pollEvery ?? POLL_EVERY)
    this.#timer.unref()
    await this.refresh()
  }

  /** Must be called after changes of webhooks or their deliveries. Ends the pause of a webhook that is to send now. */
  async refresh(sendNow?: number): Promise<void> {
    if (sendNow !== undefined) this.#paused.delete(sendNow)
    this.#enabled = (await enabledWebhooks(this.#ctx.db)).length > 0
    this.wake()
    this.#track(this.#poll())
  }

  /** Must be called after each commit. */
  wake(): void {
    if (!this.#enabled || !this.#view || this.#stopped.signal.aborted) return
    this.#behind = true
    this.#routing ??= this.#route().finally(() => {
      this.#routing = undefined
      if (this.#behind) this.wake()
    })
  }

  /** Sends nothing more, and aborts requests in flight, which the next process repeats. */
  async stop(): Promise<void> {
    this.#stopped.abort()
    clearInterval(this.#timer)
    await this.#routing
    while (this.#work.size > 0) await Promise.all(this.#work)
  }

  async #route(): Promise<void> {
    while (this.#behind && !this.#stopped.signal.aborted) {
      this.#behind = false
      try {
        // Its own commits wake it, too, but change no revision.
        if ((await lastChange(this.#ctx.db)) <= this.#routedTo) continue
        const { webhooks, position, more } = await this.#ctx.commits.run((transaction) =>
          routeChanges(transaction, this.#ctx.now()),
        )
        this.#routedTo = position
        this.#behind ||= more
        for (const id of webhooks) this.#track(this.#deliver(id))
      } catch (error) {
        // The next commit or poll retries.
        this.#options.report(error)
      }
    }
  }

  async #poll(): Promise<void> {
    if (!this.#enabled || this.#stopped.signal.aborted) return
    try {
      this.wake()
      const due = await webhooksDue(this.#ctx.db, this.#now())
      // Each has its turn.
      const last = (id: number): number => this.#lastRequest.get(id) ?? 0
      for (const id of due.sort((a, b) => last(a) - last(b))) await this.#deliver(id)
    } catch (error) {
      this.#options.report(error)
    }
  }

  /** Sends as many due deliveries of a webhook as the limits allow. */
  async #deliver(webhookId: number): Promise<void> {
    try {
      if (!this.#hasRoom(webhookId)) return
      // The query may still return deliveries that end while it runs.
      const busy = new Set(this.#inFlight.keys())
      const due = await dueDeliveries(this.#ctx.db, webhookId, this.#now(), 2 * CONCURRENCY_EACH)
      for (const delivery of due) {
        if (busy.has(delivery.id) || this.#inFlight.has(delivery.id) || !this.#hasRoom(webhookId)) continue
        // Not that of the request that happened to wake the dispatcher.
        this.#track(withOrigin({}, () => this.#attempt(delivery)))
      }
    } catch (error) {
      this.#options.report(error)
    }
  }

  /** Adds work that `stop` waits for. It must not reject. */
  #track(work: Promise<void>): void {
    const done = work.finally(() => this.#work.delete(done))
    this.#work.add(done)
  }

  #hasRoom(webhookId: number): boolean {
    if (this.#stopped.signal.aborted || this.#inFlight.size >= CONCURRENCY) return false
    if ((this.#paused.get(webhookId) ?? 0) > this.#ctx.now().getTime()) return false
    const inFlight = [...this.#inFlight.values()].map(({ webhook }) => webhook.id)
    const own = inFlight.filter((id) => id === webhookId).length
    if (this.#prompt.get(webhookId)) return own < CONCURRENCY_EACH
    const isSlow = (id: number): boolean => this.#prompt.get(id) === false
    return own === 0 && !(isSlow(webhookId) && inFlight.filter(isSlow).length >= CONCURRENCY_SLOW)
  }

  async #attempt(delivery: DueDelivery): Promise<void> {
    const { id } = delivery.webhook
    this.#inFlight.set(delivery.id, delivery)
    this.#lastRequest.set(id, ++this.#requests)
    const wasPrompt = this.#prompt.get(id)
    let recorded = false
    try {
      const start = performance.now()
      const outcome = await this.#post(delivery)
      if (this.#stopped.signal.aborted) return
      const duration = Math.round(performance.now() - start)
      this.#prompt.set(id, 'statusCode' in outcome && duration < SOON)
      await this.#record(delivery, outcome, duration)
      recorded = true
    } catch (error) {
      this.#options.report(error)
    } finally {
      const others = !wasPrompt || this.#inFlight.size >= CONCURRENCY
      this.#inFlight.delete(delivery.id)
      // An attempt that could not be recorded is repeated, but not before the next poll.
      if (recorded && others) this.#track(this.#poll())
      else if (recorded) this.#track(this.#deliver(id))
    }
  }

  async #post({ id, event, attempts, createdAt, content, webhook }: DueDelivery): Promise<Outcome> {
    const packageRevision = content && (await this.#view?.(content, webhook.filter))
    const body = JSON.stringify({
      delivery: id,
      event,
      webhook: webhook.name,
      createdAt,
      attempt: attempts + 1,
      sentAt: this.#now(),
      packageRevision,
    })
    const headers = {
      'User-Agent': 'pkgserver',
      'X-Pkgserver-Event': event,
      'X-Pkgserver-Delivery': String(id),
    }
    const { timeout = TIMEOUT } = this.#options
    const { signal } = this.#stopped
    return post({ ...webhook, headers, body }, { connections: this.#connections, timeout, signal })
  }

  async #record(delivery: DueDelivery, outcome: Outcome, duration: number): Promise<void> {
    const result = resultOf(delivery, outcome, { now: this.#ctx.now(), firstDelay: this.#options.firstDelay })
    const { pausedUntil, gone, ...attempt } = result
    const { webhook } = delivery
    if (pausedUntil !== undefined) this.#paused.set(webhook.id, pausedUntil)
    const disabled = await this.#ctx.commits.run(async (transaction) => {
      await recordAttempt(transaction, delivery.id, { ...attempt, duration })
      if (!gone || !(await disableWebhook(transaction, webhook, this.#ctx.now()))) return false
      const reason = 'its receiver answered that it is gone'
      await audit(this.#ctx, transaction, SERVER, {
        type: 'webhook.disabled',
        target: { name: webhook.name },
        reason,
      })
      return true
    })
    this.#options.onAttempt?.(attempt.state)
    if (!disabled) return
    this.#options.onGone?.(webhook.name)
    await this.refresh()
  }

  #now(): string {
    return this.#ctx.now().toISOString()
  }
}
