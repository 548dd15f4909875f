/** What an app is made of: opened from the settings, working on its own, closed in the end. */
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { Logger } from 'pino'
import { observeDeliveries, observeWatches } from './api/event-metrics.ts'
import { createLoad, type Load } from './api/load-shedding.ts'
import { createMetrics, type Metrics, observeGarbage, observeJobs } from './api/metrics.ts'
import { NO_TRACING, type Tracing } from './api/tracing.ts'
import { observeWork } from './api/work-metrics.ts'
import { backupSource } from './backup-source.ts'
import type { Config } from './config.ts'
import { lockFolder } from './database/folder-lock.ts'
import { GroupCommit } from './database/group-commit.ts'
import { openDatabase } from './database/open.ts'
import type { Db } from './database/schema.ts'
import { secret } from './database/settings.ts'
import { scheduleDiscovery } from './discovery-schedule.ts'
import { DiskSpace } from './disk-space.ts'
import { makeFolder } from './folder.ts'
import { scheduleGarbage } from './garbage-schedule.ts'
import { KeyedLock } from './keyed-lock.ts'
import { measuredRegistry } from './measured-registry.ts'
import { type OpenedRegistry, openRegistry } from './open-registry.ts'
import { sourceOpener } from './open-source.ts'
import { DEFAULT_LIMITS } from './package/resources.ts'
import { EmbeddedRegistry } from './registry/embedded-registry.ts'
import { MemoryStore } from './registry/store/memory-store.ts'
import { collectGarbage } from './service/collect-garbage.ts'
import type { ServiceContext } from './service/context.ts'
import { Discovery } from './service/discovery/discovery.ts'
import type { OpenSource } from './service/discovery/source-registry.ts'
import { finishAll, IntentLog, recallIntents } from './service/intents.ts'
import { cloneItem } from './service/jobs/clone-item.ts'
import type { ItemWork } from './service/jobs/perform-item.ts'
import { JobRunner } from './service/jobs/runner.ts'
import { upgradeItem } from './service/jobs/upgrade-item.ts'
import { checkNotLost } from './service/lost-index.ts'
import { compactChanges } from './service/watch/compaction.ts'
import { Watches } from './service/watch/watches.ts'
import { pruneAllDeliveries } from './service/webhooks/deliveries.ts'
import { WebhookDispatcher } from './service/webhooks/dispatcher.ts'
import type { Targets } from './service/webhooks/targets.ts'
import { createWorkPool, IN_THIS_THREAD, type WorkPool } from './service/work-pool.ts'
import { version } from './version.ts'

/** How often work that the registry refused is tried again, in milliseconds. */
const RETRY_INTERVAL = 30_000
/** How long a server that stops tries that once more; the next start goes on with what is left. */
const FINISH_TIMEOUT = 3000

/** How often the logs of changes and deliveries are cut back, in milliseconds. */
const PRUNE_INTERVAL = 60_000

/** What an app is made of, and what has to be closed after it. */
export type Parts = {
  ctx: ServiceContext
  /** Works from when the app is made until it is closed. */
  jobs: JobRunner
  watches: Watches
  /** Works like the jobs. */
  webhooks: WebhookDispatcher
  /** Looks through the sources of repositories. */
  discovery: Discovery
  /** The registry, where it is ours: it is served at /v2/. */
  embedded: EmbeddedRegistry | undefined
  /** Where else it is. */
  registryAddress: string | undefined
  metrics: Metrics
  tracing: Tracing
  disk: DiskSpace
  load: Load
  /** Of the threads that pack. */
  queue: WorkPool['queue']
  /** Whether the server has been told to stop. */
  stopping: boolean
  log: Logger
  /** Ends what works on its own: jobs, watches, webhooks and discoveries. */
  stop: () => Promise<void>
  close: () => Promise<void>
}

/** Opens the data folder, and finishes what an earlier process left to do. */
export async function openParts(config: Config, log: Logger, startPool = startThreads): Promise<Parts> {
  await makeFolder(config.data)
  const lock = lockFolder(config.data)
  // In reverse, when all is closed or something could not be opened.
  const closing: (() => unknown)[] = [lock.release]
  const close = async (): Promise<void> => {
    for (const each of closing.splice(0).reverse()) await each()
  }
  try {
    const programVersion = await version()
    const opened = await openRegistry(config, programVersion, log)
    closing.push(opened.close)
    const db = openDatabase(join(config.data, 'index.db'))
    closing.push(() => db.destroy())
    await checkNotLost(db, opened.registry)
    const metrics = createMetrics()
    const tracing = await openTracing(config, programVersion)
    closing.push(tracing.close)
    const pool = startPool(log, metrics, tracing)
    closing.push(pool.close)
    const disk = new DiskSpace({ folder: config.data, minFree: config.minFree, log })
    const backup = backupSource(config, programVersion)
    const open = sourceOpener(config, programVersion)
    const targets = config.webhookTargets
    const parts = await assemble({ db, opened, pool, disk, metrics, tracing, log, backup, open, targets })
    const { ctx } = parts
    await disk.watch()
    closing.push(() => disk.stop())
    await recallIntents(ctx)
    await finishAll(ctx)
    const retry = setInterval(() => finishAll(ctx), RETRY_INTERVAL)
    const prune = setInterval(() => {
      Promise.all([compactChanges(ctx), pruneAllDeliveries(ctx)]).catch((err) =>
        log.error({ err }, 'the logs of changes and deliveries could not be cut back'),
      )
    }, PRUNE_INTERVAL)
    const collect = () => collectGarbage(ctx, { dryRun: false })
    const stopCollecting = scheduleGarbage(ctx.collect ? config.gcInterval : 0, collect, log)
    const stopLooking = scheduleDiscovery(() => parts.discovery.syncDue(), log)
    closing.push(
      () => atMost(FINISH_TIMEOUT, finishAll(ctx)),
      parts.stop,
      () => {
        clearInterval(retry)
        clearInterval(prune)
        stopCollecting()
        stopLooking()
      },
    )
    return { ...parts, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** Everything in memory and in this thread, gone with the process. */
export async function memoryParts(log: Logger, disk = unwatched(log)): Promise<Parts> {
  const embedded = new EmbeddedRegistry(new MemoryStore())
  const opened = { registry: embedded, embedded, address: undefined, close: async () => undefined }
  const open = sourceOpener({ sourceHosts: ['*'], registryConfig: undefined }, await version())
  const db = openDatabase(':memory:')
  return assemble({
    db,
    opened,
    pool: IN_THIS_THREAD,
    backup: undefined,
    open,
    targets: 'private',
    disk,
    metrics: createMetrics(),
    tracing: NO_TRACING,
    log,
  })
}

/** The packages that trace are loaded only where somebody wants traces. */
async function openTracing({ traces }: Config, programVersion: string): Promise<Tracing> {
  if (!traces) return NO_TRACING
  const { otlpTracing } = await import('./otlp-tracing.ts')
  return otlpTracing(traces, programVersion)
}

function unwatched(log: Logger): DiskSpace {
  return new DiskSpace({ folder: '.', minFree: 0, log })
}

function startThreads(log: Logger, { work }: Metrics, tracing: Tracing): WorkPool {
  return createWorkPool({
    report: (err) => log.error({ err }, 'a thread that packs has failed'),
    onWork: (task, { waited, worked }) => {
      work.threadWait.observe({ task }, waited / 1000)
      work.threadWork.observe({ task }, worked / 1000)
      tracing.record(`thread ${task}`, (waited + worked) / 1000, { waited: waited / 1000 })
    },
  })
}

type Opened = Pick<Parts, 'disk' | 'metrics' | 'tracing' | 'log'> &
  Pick<ServiceContext, 'backup'> & {
    db: Db
    opened: OpenedRegistry
    pool: WorkPool
    open: OpenSource
    targets: Targets
  }

async function assemble(given: Opened): Promise<Parts> {
  const { db, opened, pool, disk, metrics, tracing, log, open, targets } = given
  const { embedded, address } = opened
  const { work } = metrics
  const registry = measuredRegistry(opened.registry, (call, outcome, seconds) => {
    work.registryCall.observe({ call, outcome }, seconds)
    tracing.record(`registry ${call}`, seconds, { outcome })
  })
  const ctx: ServiceContext = {
    db,
    commits: new GroupCommit(db, {
      onTransaction: (milliseconds) => tracing.record('database transaction', milliseconds / 1000, {}),
    }),
    registry,
    collect: embedded && ((options) => observeGarbage(metrics, embedded.collectGarbage(options))),
    locks: new KeyedLock(),
    intents: new IntentLog(),
    ...pool.workers,
    backup: given.backup,
    limits: DEFAULT_LIMITS,
    now: () => new Date(),
    tokenKey: await secret(db, 'continue-token'),
    report: (err) => log.warn({ err }, 'work for the registry is left undone'),
  }
  const jobs = new JobRunner(ctx, {
    work: { clone: whereThereIsRoom(disk, cloneItem), upgrade: whereThereIsRoom(disk, upgradeItem) },
    report: (err) => log.error({ err }, 'an item of a job has failed'),
    onEnd: (kind, outcome, seconds) => {
      metrics.jobItems.inc({ kind, outcome })
      work.jobItem.observe({ kind, outcome }, seconds)
    },
  })
  const load = createLoad()
  observeJobs(metrics, () => jobs.running)
  const discovery = new Discovery(ctx, {
    open,
    report: (err) => log.error({ err }, 'a source could not be looked through'),
    onFailure: (repository, reason) => log.warn({ repository, reason }, 'not all of a source was looked at'),
  })
  const watches = new Watches(ctx, { report: (err) => log.error({ err }, 'changes could not be read') })
  observeWatches(metrics, () => watches.watching)
  const webhooks = new WebhookDispatcher(ctx, {
    targets,
    report: (err) => log.error({ err }, 'webhooks could not be told'),
    onAttempt: observeDeliveries(metrics),
  })
  ctx.commits.onCommit((transactions, milliseconds) => {
    watches.wake()
    webhooks.wake()
    work.commitSize.observe(transactions)
    work.commit.observe(milliseconds / 1000)
  })
  observeWork(metrics.registry, {
    threads: pool.queue,
    unfinished: () => ctx.intents.unfinished.size,
    gates: () => load.gates,
    bodyBytes: () => load.bodies.used,
    diskFree: () => disk.free,
    readOnly: () => disk.refusal !== undefined,
  })
  const stop = async (): Promise<void> => {
    watches.drain()
    await discovery.stop()
    await jobs.stop()
    await webhooks.stop()
  }
  const close = async (): Promise<void> => {
    await stop()
    await db.destroy()
    // prom-client watches the process for as long as it lives, and would keep all of this in memory.
    metrics.registry.clear()
  }
  const { queue } = pool
  return {
    ctx,
    jobs,
    discovery,
    watches,
    webhooks,
    embedded,
    registryAddress: address,
    metrics,
    tracing,
    disk,
    load,
    queue,
    stopping: false,
    log,
    stop,
    close,
  }
}

/** Items of jobs wait for room, as for a registry that is down. */
function whereThereIsRoom(disk: DiskSpace, work: ItemWork): ItemWork {
  return async (...args) => {
    disk.assertRoom()
    await work(...args)
  }
}

async function atMost(milliseconds: number, work: Promise<void>): Promise<void> {
  await Promise.race([work, setTimeout(milliseconds, undefined, { ref: false })])
}
