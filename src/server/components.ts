/** The components of a server: opened from the settings, doing their background work, closed in the end. */

import { randomUUID } from 'node:crypto'
import { BlockList } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Config } from '../config.ts'
import { KeyedLock } from '../core/keyed-lock.ts'
import { type Index, memoryIndex, openIndex } from '../database/open.ts'
import { secret } from '../database/settings.ts'
import { FolderInUseError } from '../database/sqlite/folder-lock.ts'
import type { Authenticator } from '../http/authentication.ts'
import { observeDeliveries, observeWatches } from '../http/event-metrics.ts'
import { createLoad, type Load } from '../http/load-shedding.ts'
import { createMetrics, type Metrics, observeJobs } from '../http/metrics.ts'
import { NO_TRACING, type Tracing } from '../http/tracing.ts'
import { observeWork } from '../http/work-metrics.ts'
import type { Proxies } from '../oci/remote/connections.ts'
import { EmbeddedRegistry } from '../registry/embedded-registry.ts'
import { MemoryStore } from '../registry/store/memory-store.ts'
import { visibleTo } from '../service/access/visible.ts'
import { ADDRESS_KEY, SERVER } from '../service/audit/record.ts'
import type { ServiceContext } from '../service/context.ts'
import { Discovery } from '../service/discovery/discovery.ts'
import type { OpenSource } from '../service/discovery/source-registry.ts'
import { ServedTree } from '../service/glasskube/served-tree.ts'
import { IntentLog } from '../service/intent-log.ts'
import { finishAll, recallIntents } from '../service/intents.ts'
import { cloneItem } from '../service/jobs/clone-item.ts'
import type { ItemWork } from '../service/jobs/perform-item.ts'
import { JobRunner } from '../service/jobs/runner.ts'
import { upgradeItem } from '../service/jobs/upgrade-item.ts'
import type { Provider } from '../service/login/provider.ts'
import { pruneLogins } from '../service/login/prune-logins.ts'
import { collectGarbage } from '../service/maintenance/collect-garbage.ts'
import { checkNotLost } from '../service/maintenance/lost-index.ts'
import { PublishedRepositories } from '../service/published-repositories.ts'
import { compactChanges } from '../service/watch/compaction.ts'
import { Watches } from '../service/watch/watches.ts'
import { pruneAllDeliveries } from '../service/webhooks/deliveries.ts'
import { WebhookDispatcher } from '../service/webhooks/dispatcher.ts'
import type { Targets } from '../service/webhooks/targets.ts'
import { IN_THIS_THREAD, type WorkerPool } from '../service/workers/worker-pool.ts'
import { type AccessSettings, accessSettings, OPEN, openAuthenticator, policyOf } from './access.ts'
import { type OpenedRegistry, openRegistry } from './artifact-registry.ts'
import { keepAudit } from './audit-upkeep.ts'
import { backupSource } from './backup-source.ts'
import { takeDataFolder } from './data-folder.ts'
import { scheduleDiscovery } from './discovery-schedule.ts'
import { DiskSpace } from './disk-space.ts'
import { scheduleGarbage } from './garbage-schedule.ts'
import { identityProvider } from './identity-provider.ts'
import { indexOlder } from './index-older.ts'
import { measuredRegistry } from './measured-registry.ts'
import { availableMemory, type MemoryLimits, memoryLimits } from './memory-limits.ts'
import { observeGarbage } from './observe-garbage.ts'
import { proxiesOf } from './proxies.ts'
import { sourceOpener } from './source-registry.ts'
import { version } from './version.ts'
import { startWorkers } from './workers.ts'

/** Milliseconds between retries of tags that the registry did not take. */
const RETRY_INTERVAL = 30_000
/** How long a stopping server retries them once more; the next start continues. */
const FINISH_TIMEOUT = 3000

/** Milliseconds between prunings of the logs of changes and deliveries. */
const PRUNE_INTERVAL = 60_000

export type Components = {
  ctx: ServiceContext
  /** Runs jobs from when the app is created until it is closed. */
  jobs: JobRunner
  watches: Watches
  /** Sends webhooks over the same time. */
  webhooks: WebhookDispatcher
  /** Syncs repositories from their sources. */
  discovery: Discovery
  /** Serves /glasskube/. */
  tree: ServedTree
  /** The embedded registry, which is served at /v2/. */
  embedded: EmbeddedRegistry | undefined
  /** The address of an external registry. */
  registryAddress: string | undefined
  metrics: Metrics
  tracing: Tracing
  disk: DiskSpace
  load: Load
  /** Names of the server, beside those of its public URL. */
  hosts: readonly string[]
  trustedProxies: BlockList
  authenticator: Authenticator
  /** With which people log in. */
  provider: Provider | undefined
  /** The queue of the workers. */
  queue: WorkerPool['queue']
  /** Set once the server is asked to stop. */
  stopping: boolean
  /** Tells the server from others at the same address. */
  instance: string
  log: Logger
  /** Stops the background work: jobs, watches, webhooks and syncs. */
  stop: () => Promise<void>
  close: () => Promise<void>
}

/** Opens the data folder, and finishes the pending intents of an earlier process. */
export async function openComponents(
  config: Config,
  log: Logger,
  startPool = startWorkers,
): Promise<Components> {
  const lock = await takeDataFolder(config.data)
  // Called in reverse order, on close or if something cannot be opened.
  const closing: (() => unknown)[] = [lock.release]
  const close = async (): Promise<void> => {
    for (const each of closing.splice(0).reverse()) await each()
  }
  try {
    const programVersion = await version()
    const opened = await openRegistry(config, programVersion, log)
    closing.push(opened.close)
    const index = openIndex(config.data)
    closing.push(index.close)
    await checkNotLost(index.db, opened.registry)
    const metrics = createMetrics()
    closing.push(() => forget(metrics))
    const tracing = await openTracing(config, programVersion, log)
    closing.push(tracing.close)
    const limits = memoryLimits(config.memory ?? availableMemory())
    const pool = startPool(log, metrics, tracing, limits)
    closing.push(pool.close)
    const disk = new DiskSpace({ folder: config.data, minFree: config.minFree, log })
    const backup = backupSource(config, programVersion)
    const proxies = proxiesOf(config)
    const open = sourceOpener({ ...config, proxies }, programVersion)
    const targets = config.webhookTargets
    const { trustedProxies = new BlockList() } = config
    const hosts = [config.listen.host, ...(config.hosts ?? [])]
    const components = await assemble({
      index,
      opened,
      pool,
      disk,
      metrics,
      tracing,
      log,
      backup,
      open,
      targets,
      proxies,
      hosts,
      trustedProxies,
      limits,
      access: await accessSettings(config, log),
      provider: await identityProvider(config),
    })
    const { ctx } = components
    await disk.watch()
    closing.push(() => disk.stop())
    await recallIntents(ctx)
    await finishAll(ctx)
    const stopIndexing = indexOlder(ctx, log)
    const retry = setInterval(() => finishAll(ctx), RETRY_INTERVAL)
    const prune = setInterval(() => {
      Promise.all([compactChanges(ctx), pruneAllDeliveries(ctx), pruneLogins(ctx)]).catch((err) =>
        log.error({ err }, 'cannot prune sessions, or the logs of changes and deliveries'),
      )
    }, PRUNE_INTERVAL)
    const collect = () => collectGarbage(ctx, SERVER, { dryRun: false })
    const upkeep = keepAudit(ctx, config, log)
    const stopCollecting = scheduleGarbage(ctx.collect ? config.gcInterval : 0, collect, log)
    const stopSyncing = scheduleDiscovery(() => components.discovery.syncDue(), log)
    closing.push(
      () => atMost(FINISH_TIMEOUT, finishAll(ctx).then(upkeep.anchor)),
      components.stop,
      () => {
        clearInterval(retry)
        clearInterval(prune)
        upkeep.stop()
        stopCollecting()
        stopSyncing()
      },
      stopIndexing,
    )
    return { ...components, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** Opens the data folder like `openComponents`; resolves to undefined while another process has it. */
export async function openUnlessInUse(config: Config, log: Logger): Promise<Components | undefined> {
  try {
    return await openComponents(config, log)
  } catch (error) {
    if (error instanceof FolderInUseError) return undefined
    throw error
  }
}

/** Components that keep everything in memory and work in this thread, for tests and the API document. */
export async function memoryComponents(
  log: Logger,
  disk = unwatched(log),
  access = OPEN,
): Promise<Components> {
  const embedded = new EmbeddedRegistry(new MemoryStore())
  const opened = { registry: embedded, embedded, address: undefined, close: async () => undefined }
  const open = sourceOpener({ sourceHosts: ['*'], registryConfig: undefined }, await version())
  const index = memoryIndex()
  const metrics = createMetrics()
  const components = await assemble({
    index,
    opened,
    pool: IN_THIS_THREAD,
    backup: undefined,
    open,
    targets: 'private',
    hosts: [],
    trustedProxies: new BlockList(),
    disk,
    metrics,
    tracing: NO_TRACING,
    log,
    limits: memoryLimits(availableMemory()),
    access,
  })
  const close = async (): Promise<void> => {
    await components.stop()
    await index.close()
    forget(metrics)
  }
  return { ...components, close }
}

/** prom-client observes the process as long as it runs, and would keep everything that the gauges read in memory. */
function forget({ registry }: Metrics): void {
  registry.clear()
}

/** Tracing packages are slow to load, so only with a collector. */
async function openTracing(config: Config, programVersion: string, log: Logger): Promise<Tracing> {
  const { traces } = config
  if (!traces) return NO_TRACING
  const { otlpTracing } = await import('./otlp-tracing.ts')
  return otlpTracing(traces, programVersion, log, proxiesOf(config))
}

function unwatched(log: Logger): DiskSpace {
  return new DiskSpace({ folder: '.', minFree: 0, log })
}

type Opened = Pick<Components, 'disk' | 'metrics' | 'tracing' | 'log' | 'hosts' | 'trustedProxies'> &
  Pick<ServiceContext, 'backup'> & {
    index: Index
    opened: OpenedRegistry
    pool: WorkerPool
    open: OpenSource
    limits: MemoryLimits
    access: AccessSettings
    targets: Targets
    proxies?: Proxies | undefined
    provider?: Provider | undefined
  }

/** `close` is left to the caller, who knows what else it has opened. */
async function assemble(given: Opened): Promise<Omit<Components, 'close'>> {
  const { index, opened, pool, disk, metrics, tracing, log, open, targets, proxies } = given
  const { hosts, trustedProxies, limits } = given
  const { embedded, address } = opened
  const { work } = metrics
  const registry = measuredRegistry(opened.registry, (call, outcome, seconds) => {
    work.registryCall.observe({ call, outcome }, seconds)
    tracing.record(`registry ${call}`, seconds, { outcome })
  })
  const ctx: ServiceContext = {
    db: index.db,
    commits: index.commits,
    registry,
    collect: embedded && ((options) => observeGarbage(metrics, embedded.collectGarbage(options))),
    locks: new KeyedLock(),
    intents: new IntentLog(),
    ...pool.tasks,
    backup: given.backup,
    limits: limits.packages,
    published: new PublishedRepositories(index.db),
    now: () => new Date(),
    visibilityOf: async (actor) => visibleTo({ policy: await authenticator.access.policy(), actor }),
    policyOf: (transaction) => policyOf(authenticator, transaction),
    tokenKey: await index.commits.run((transaction) => secret(transaction, 'continue-token')),
    addressKey: await index.commits.run((transaction) => secret(transaction, ADDRESS_KEY)),
    report: (err) => log.warn({ err }, 'tags of a change are still to be set: the server tries again'),
  }
  const authenticator = await openAuthenticator(ctx, given.access, log, proxies)
  const jobs = new JobRunner(ctx, {
    access: authenticator.access,
    work: { clone: whereThereIsRoom(disk, cloneItem), upgrade: whereThereIsRoom(disk, upgradeItem) },
    report: (err) => log.error({ err }, 'an item of a job has failed'),
    onEnd: (kind, outcome, seconds) => {
      metrics.jobItems.inc({ kind, outcome })
      work.jobItem.observe({ kind, outcome }, seconds)
    },
  })
  const load = createLoad(limits.load)
  observeJobs(metrics, () => jobs.running)
  const discovery = new Discovery(ctx, {
    open,
    report: (err) => log.error({ err }, 'cannot sync a source'),
    onFailure: (repository, reason) =>
      log.warn({ repository, reason }, 'part of a source could not be synced'),
  })
  const watches = new Watches(ctx, { report: (err) => log.error({ err }, 'cannot read the log of changes') })
  observeWatches(metrics, () => watches.watching)
  const webhooks = new WebhookDispatcher(ctx, {
    targets,
    proxies,
    report: (err) => log.error({ err }, 'cannot deliver webhooks'),
    onAttempt: observeDeliveries(metrics),
    onGone: (webhook) =>
      log.warn({ webhook }, 'a webhook is disabled because its receiver has answered 410: enable it again'),
  })
  index.commits.onTransaction((milliseconds) =>
    tracing.record('database transaction', milliseconds / 1000, {}),
  )
  index.commits.onCommit((transactions, milliseconds) => {
    watches.wake()
    webhooks.wake()
    work.commitSize.observe(transactions)
    work.commit.observe(milliseconds / 1000)
  })
  observeWork(metrics.registry, {
    workers: pool.queue,
    unfinished: () => ctx.intents.unfinished.size,
    gates: () => load.gates,
    bodyBytes: () => load.bodies.used,
    answerBytes: () => load.answers.used,
    diskFree: () => disk.free,
    readOnly: () => disk.refusal !== undefined,
  })
  const stop = async (): Promise<void> => {
    watches.drain()
    await discovery.stop()
    await jobs.stop()
    await webhooks.stop()
  }
  const { queue } = pool
  return {
    ctx,
    jobs,
    discovery,
    watches,
    webhooks,
    tree: new ServedTree(ctx, limits.keptFiles),
    embedded,
    registryAddress: address,
    metrics,
    tracing,
    disk,
    load,
    hosts,
    trustedProxies,
    authenticator,
    provider: given.provider,
    queue,
    stopping: false,
    instance: randomUUID(),
    log,
    stop,
  }
}

/** Makes items of jobs wait for disk space, as they wait for a registry that is down. */
function whereThereIsRoom(disk: DiskSpace, work: ItemWork): ItemWork {
  return async (...args) => {
    disk.assertRoom()
    await work(...args)
  }
}

async function atMost(milliseconds: number, work: Promise<void>): Promise<void> {
  await Promise.race([work, setTimeout(milliseconds, undefined, { ref: false })])
}
