import pLimit from 'p-limit'
import { mapConcurrently } from '../../core/concurrency.ts'
import { AppError } from '../../core/errors.ts'
import { findSync } from '../../database/repositories/discovered-tags.ts'
import { repositoriesWithSource } from '../../database/repositories/repositories.ts'
import type { Repository } from '../../domain/repository.ts'
import type { SyncStatus } from '../../domain/repository-source.ts'
import type { ServiceContext } from '../context.ts'
import { getRepository } from '../repository-record.ts'
import type { DiscoveryOptions } from './discovery-options.ts'
import { passSignal } from './pass-end.ts'
import { addressOf } from './source-registry.ts'
import { syncRepository } from './sync-repository.ts'
import { nextSyncAt, syncStatus } from './sync-status.ts'

/** Artifacts that are read at once, over all sources: each is in memory. */
const READ_AT_ONCE = 2
/** Repositories that are looked through at once when their time has come. */
const SYNC_AT_ONCE = 2
/** How long a stopping server waits for what is under way: it may be cut off anywhere. */
const PATIENCE = 5000

type Running = { pass: Promise<void>; next?: Promise<void> }

/** Finds what others have pushed to the sources of repositories: one pass for each at a time. */
export class Discovery {
  readonly #ctx: ServiceContext
  readonly #options: DiscoveryOptions
  readonly #running = new Map<string, Running>()
  readonly #stopped = new AbortController()
  readonly #reading = pLimit(READ_AT_ONCE)

  constructor(ctx: ServiceContext, options: DiscoveryOptions) {
    this.#ctx = ctx
    this.#options = options
  }

  /** Throws `forbidden` where the server may not go. */
  check(url: string): void {
    this.#options.open(url)
  }

  async status(repository: Repository): Promise<SyncStatus | undefined> {
    return syncStatus(this.#ctx, repository, this.#running.has(repository.name))
  }

  /**
   * A pass that begins from now on, so that it finds all that is there now: whoever comes while one is under way waits
   * for the next, together with all others. Throws `not_found`, and `conflict` for a repository without a source.
   */
  async sync(name: string, options: { thorough: boolean }): Promise<void> {
    checkSource(await getRepository(this.#ctx.db, name))
    const running = this.#running.get(name)
    if (!running) return this.#start(name, options)
    running.next ??= running.pass.catch(() => undefined).then(() => this.#start(name, { thorough: true }))
    return running.next
  }

  /** Looks through all whose time has come. */
  async syncDue(): Promise<void> {
    const syncUnlessRunning = async (name: string): Promise<void> => {
      if (this.#stopped.signal.aborted || this.#running.has(name)) return
      await this.sync(name, { thorough: false }).catch((error) => {
        if (!(error instanceof AppError)) this.#options.report(error)
      })
    }
    await mapConcurrently(await this.#due(), syncUnlessRunning, SYNC_AT_ONCE)
  }

  /** Begins nothing new, and waits a little for what is under way. */
  async stop(): Promise<void> {
    this.#stopped.abort()
    const passes = [...this.#running.values()].map(({ pass, next }) => next ?? pass)
    if (passes.length === 0) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const patience = setTimeout(resolve, PATIENCE)
    await Promise.race([Promise.allSettled(passes), promise])
    clearTimeout(patience)
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

  #start(name: string, options: { thorough: boolean }): Promise<void> {
    const running: Running = { pass: Promise.resolve() }
    this.#running.set(name, running)
    running.pass = this.#pass(name, options).finally(() => {
      // Whoever comes before the next pass begins waits for that, too.
      if (!running.next) this.#running.delete(name)
    })
    return running.pass
  }

  async #pass(name: string, { thorough }: { thorough: boolean }): Promise<void> {
    const { open } = this.#options
    const repository = await getRepository(this.#ctx.db, name)
    const { url } = checkSource(repository)
    const stopped = passSignal(this.#stopped.signal)
    if (stopped.aborted) return
    const syncing = syncRepository(
      {
        ctx: this.#ctx,
        repository,
        open: () => open(url),
        address: addressOf(url),
        thorough,
        stopped,
        sparingly: this.#reading,
      },
      this.#options,
    )
    await syncing.catch(async (error) => {
      // It may have gone meanwhile.
      checkSource(await getRepository(this.#ctx.db, name))
      throw error
    })
  }
}

function checkSource({ name, source }: Repository): { url: string } {
  if (source) return source
  throw new AppError(
    'conflict',
    `the repository ${name} has no source: its revisions are made here, and there is nothing to look for elsewhere`,
  )
}
