import { settleAll } from '../../core/concurrency.ts'
import { AppError } from '../../core/errors.ts'
import { withOrigin } from '../../core/origin.ts'
import { findSync } from '../../database/repositories/discovered-tags.ts'
import { repositoriesWithSource } from '../../database/repositories/repositories.ts'
import type { Repository } from '../../domain/repository.ts'
import type { RepositorySource, SyncStatus } from '../../domain/repository-source.ts'
import type { Actor } from '../access/actor.ts'
import { audit } from '../audit/record.ts'
import type { ServiceContext } from '../context.ts'
import { parsersInWorkers } from '../glasskube-source/tree-parsers.ts'
import { getRepository } from '../repository-record.ts'
import { syncDeadline } from './deadline.ts'
import type { DiscoveryOptions } from './discovery-options.ts'
import { LongSyncs } from './long-syncs.ts'
import { addressOf, requireSource } from './source-registry.ts'
import { syncRepository } from './sync-repository.ts'
import { nextSyncAt, syncStatus } from './sync-status.ts'
import { Turns } from './turns.ts'

/** Artifacts that are read at a time: each is held in memory. */
const ARTIFACTS_AT_ONCE = { all: 2, each: 1 }
/** Repositories that are synced at a time. */
const SYNCS_AT_ONCE = { all: 16, each: 2 }
/** Beside these, those that have taken a minute: slow sources must not keep the others from their turn. */
const LONG_SYNCS = { after: 60_000, all: 8, each: 2 }
/** How long a stopping server waits for syncs in flight, in milliseconds: they may be cut off anywhere. */
const STOP_TIMEOUT = 5000

type Running = { sync: Promise<void>; next?: Promise<void> }

/** Fills repositories with what others push to their sources: one sync at a time for each. */
export class Discovery {
  readonly #ctx: ServiceContext
  readonly #options: DiscoveryOptions
  readonly #running = new Map<string, Running>()
  readonly #stopped = new AbortController()
  readonly #artifacts = new Turns(ARTIFACTS_AT_ONCE)
  readonly #syncs = new Turns(SYNCS_AT_ONCE)
  readonly #long: LongSyncs

  constructor(ctx: ServiceContext, options: DiscoveryOptions) {
    this.#ctx = ctx
    this.#options = options
    this.#long = new LongSyncs({ ...LONG_SYNCS, ...options.longSyncs })
  }

  /** Throws `forbidden` for a source that the server may not connect to. */
  check(repository: string, { url, format }: RepositorySource): void {
    const { open } = this.#options
    if (format === 'glasskube') open.tree(url, parsersInWorkers(this.#ctx, repository))
    else open.registry(url)
  }

  async status(repository: Repository): Promise<SyncStatus | undefined> {
    return syncStatus(this.#ctx, repository, this.#running.has(repository.name))
  }

  /**
   * Runs a sync that begins after the call, so that it finds all that is in the source now: callers that arrive during
   * one share the next. Throws `not_found`, and `conflict` for a repository without a source.
   */
  async sync(name: string, options: { thorough: boolean }): Promise<void> {
    requireSource(await getRepository(this.#ctx.db, name))
    return this.#begin(name, options)
  }

  /** Starts a thorough sync and does not wait for it. Throws like `sync`. */
  async request(actor: Actor, name: string): Promise<void> {
    const ctx = this.#ctx
    await ctx.commits.run(async (transaction) => {
      requireSource(await getRepository(transaction, name))
      await audit(ctx, transaction, actor, {
        type: 'repository.sync_requested',
        target: { repository: name },
      })
    })
    this.#reported(this.#begin(name, { thorough: true }))
  }

  /** Syncs all repositories that are due. */
  async syncDue(): Promise<void> {
    const syncUnlessRunning = async (name: string): Promise<void> => {
      if (this.#stopped.signal.aborted || this.#running.has(name)) return
      await this.#reported(this.sync(name, { thorough: false }))
    }
    await settleAll((await this.#due()).map(syncUnlessRunning))
  }

  /** Starts nothing new, and waits a little for syncs in flight. */
  async stop(): Promise<void> {
    this.#stopped.abort()
    const syncs = [...this.#running.values()].map(({ sync, next }) => next ?? sync)
    if (syncs.length === 0) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const timeout = setTimeout(resolve, STOP_TIMEOUT)
    await Promise.race([Promise.allSettled(syncs), promise])
    clearTimeout(timeout)
  }

  /** Reports failures other than of a repository that is deleted meanwhile. */
  async #reported(sync: Promise<void>): Promise<void> {
    await sync.catch((error) => {
      if (!(error instanceof AppError)) this.#options.report(error)
    })
  }

  async #due(): Promise<string[]> {
    const now = this.#ctx.now()
    const due: string[] = []
    for (const repository of await repositoriesWithSource(this.#ctx.db)) {
      const last = await findSync(this.#ctx.db, repository.name)
      const next = nextSyncAt(repository, last?.lastSyncAt)
      if (next && next <= now) due.push(repository.name)
    }
    return due
  }

  #begin(name: string, options: { thorough: boolean }): Promise<void> {
    const running = this.#running.get(name)
    if (!running) return this.#start(name, options)
    running.next ??= running.sync.catch(() => undefined).then(() => this.#start(name, { thorough: true }))
    return running.next
  }

  #start(name: string, options: { thorough: boolean }): Promise<void> {
    const running: Running = { sync: Promise.resolve() }
    this.#running.set(name, running)
    running.sync = withOrigin({}, () => this.#sync(name, options)).finally(() => {
      // A call that arrives before the next sync begins waits for that one, too.
      if (!running.next) this.#running.delete(name)
    })
    return running.sync
  }

  async #sync(name: string, { thorough }: { thorough: boolean }): Promise<void> {
    const { url } = requireSource(await getRepository(this.#ctx.db, name))
    const [host = ''] = addressOf(url).split('/')
    const syncing = this.#syncs.run(host, async () => {
      const { signal, expire } = syncDeadline(this.#stopped.signal)
      if (signal.aborted) return {}
      const repository = await getRepository(this.#ctx.db, name)
      const limited = <T>(work: () => Promise<T>): Promise<T> => this.#artifacts.run(host, work)
      const sync = syncRepository({ ctx: this.#ctx, repository, thorough, signal, limited }, this.#options)
      await this.#long.place(host, sync, expire)
      return { sync }
    })
    const ended = syncing.then(({ sync }) => sync)
    await ended.catch(async (error) => {
      // The repository may have been deleted meanwhile.
      requireSource(await getRepository(this.#ctx.db, name))
      throw error
    })
  }
}
