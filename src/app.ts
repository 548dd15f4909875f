/** The composition root: from the settings to one app with every surface mounted. */
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { Logger } from 'pino'
import { type AccessPolicy, access, EVERYBODY } from './api/access.ts'
import { browserSafety } from './api/browser-safety.ts'
import { docsRoutes } from './api/docs.ts'
import { apiDocument } from './api/document.ts'
import { healthRoutes } from './api/health.ts'
import { createLoad, type Load, pushLoadShedding } from './api/load-shedding.ts'
import { createMetrics, type Metrics, observeGarbage, observeJobs } from './api/metrics.ts'
import { readOnly } from './api/read-only.ts'
import { requestLog } from './api/request-log.ts'
import { BASE_PATH } from './api/rest/base-path.ts'
import type { OnOperation } from './api/rest/operations.ts'
import { problem, problemOf, respondProblem } from './api/rest/problem.ts'
import { createRestApp } from './api/rest/rest-app.ts'
import { NO_TRACING, type Tracing, traced } from './api/tracing.ts'
import { observeWork } from './api/work-metrics.ts'
import type { Application } from './cli/serve.ts'
import type { Config } from './config.ts'
import { lockFolder } from './database/folder-lock.ts'
import { GroupCommit } from './database/group-commit.ts'
import { openDatabase } from './database/open.ts'
import type { Db } from './database/schema.ts'
import { secret } from './database/settings.ts'
import { DiskSpace } from './disk-space.ts'
import { isDiskFull } from './errors.ts'
import { makeFolder } from './folder.ts'
import { scheduleGarbage } from './garbage-schedule.ts'
import { KeyedLock } from './keyed-lock.ts'
import { measuredRegistry } from './measured-registry.ts'
import { type OpenedRegistry, openRegistry } from './open-registry.ts'
import { DEFAULT_LIMITS } from './package/resources.ts'
import { EmbeddedRegistry } from './registry/embedded-registry.ts'
import { createRegistryApp, createRegistryElsewhereApp } from './registry/http/registry-app.ts'
import { MemoryStore } from './registry/store/memory-store.ts'
import type { WriteGuard } from './registry/write-guard.ts'
import {
  blobDeletionRefusal,
  manifestDeletionRefusal,
  tagDeletionRefusal,
  tagRefusal,
} from './service/client-writes.ts'
import { collectGarbage } from './service/collect-garbage.ts'
import type { ServiceContext } from './service/context.ts'
import { finishAll, IntentLog, recallIntents } from './service/intents.ts'
import { cloneItem } from './service/jobs/clone-item.ts'
import type { ItemWork } from './service/jobs/perform-item.ts'
import { JobRunner } from './service/jobs/runner.ts'
import { upgradeItem } from './service/jobs/upgrade-item.ts'
import { readiness } from './service/readiness.ts'
import { createWorkPool, IN_THIS_THREAD, type WorkPool } from './service/work-pool.ts'
import { version } from './version.ts'

/** How often work that the registry refused is tried again, in milliseconds. */
const RETRY_INTERVAL = 30_000
/** How long a server that stops tries that once more; the next start goes on with what is left. */
const FINISH_TIMEOUT = 3000

export type App = {
  hono: OpenAPIHono
  /** The OpenAPI document. */
  document: () => object
}

/** What an app is made of, and what has to be closed after it. */
export type Parts = {
  ctx: ServiceContext
  /** Works from when the app is made until it is closed. */
  jobs: JobRunner
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
  close: () => Promise<void>
}

/** Opens the data folder, and finishes what an earlier process left to do. */
export async function openParts(config: Config, log: Logger, startPool = startThreads): Promise<Parts> {
  await makeFolder(config.data)
  const lock = lockFolder(config.data)
  const opened = await openRegistry(config, await version(), log)
  const db = openDatabase(join(config.data, 'index.db'))
  const metrics = createMetrics()
  const tracing = await openTracing(config)
  const pool = startPool(log, metrics, tracing)
  const disk = new DiskSpace({ folder: config.data, minFree: config.minFree, log })
  const parts = await assemble({ db, opened, pool, disk, metrics, tracing, log })
  const { ctx } = parts
  await disk.watch()
  await recallIntents(ctx)
  await finishAll(ctx)
  const retry = setInterval(() => finishAll(ctx), RETRY_INTERVAL)
  const collect = () => collectGarbage(ctx, { dryRun: false })
  const stopCollecting = scheduleGarbage(ctx.collect ? config.gcInterval : 0, collect, log)
  return {
    ...parts,
    close: async () => {
      clearInterval(retry)
      stopCollecting()
      disk.stop()
      await parts.jobs.stop()
      await atMost(FINISH_TIMEOUT, finishAll(ctx))
      await pool.close()
      await parts.close()
      await opened.close()
      await tracing.close()
      lock.release()
    },
  }
}

/** Everything in memory and in this thread, gone with the process. */
export async function memoryParts(log: Logger, disk = unwatched(log)): Promise<Parts> {
  const embedded = new EmbeddedRegistry(new MemoryStore())
  const opened = { registry: embedded, embedded, address: undefined, close: async () => undefined }
  const db = openDatabase(':memory:')
  return assemble({
    db,
    opened,
    pool: IN_THIS_THREAD,
    disk,
    metrics: createMetrics(),
    tracing: NO_TRACING,
    log,
  })
}

/** The packages that trace are loaded only where somebody wants traces. */
async function openTracing({ traces }: Config): Promise<Tracing> {
  if (!traces) return NO_TRACING
  const { otlpTracing } = await import('./otlp-tracing.ts')
  return otlpTracing(traces, await version())
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

type Opened = Pick<Parts, 'disk' | 'metrics' | 'tracing' | 'log'> & {
  db: Db
  opened: OpenedRegistry
  pool: WorkPool
}

async function assemble({ db, opened, pool, disk, metrics, tracing, log }: Opened): Promise<Parts> {
  const { embedded, address } = opened
  const { work } = metrics
  const registry = measuredRegistry(opened.registry, (call, outcome, seconds) => {
    work.registryCall.observe({ call, outcome }, seconds)
    tracing.record(`registry ${call}`, seconds, { outcome })
  })
  const ctx: ServiceContext = {
    db,
    commits: new GroupCommit(db, {
      onCommit: (transactions, milliseconds) => {
        work.commitSize.observe(transactions)
        work.commit.observe(milliseconds / 1000)
      },
      onTransaction: (milliseconds) => tracing.record('database transaction', milliseconds / 1000, {}),
    }),
    registry,
    collect: embedded && ((options) => observeGarbage(metrics, embedded.collectGarbage(options))),
    locks: new KeyedLock(),
    intents: new IntentLog(),
    ...pool.workers,
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
  observeWork(metrics.registry, {
    threads: pool.queue,
    unfinished: () => ctx.intents.unfinished.size,
    gates: () => load.gates,
    bodyBytes: () => load.bodies.used,
    diskFree: () => disk.free,
    readOnly: () => disk.refusal !== undefined,
  })
  const close = async (): Promise<void> => {
    await jobs.stop()
    await db.destroy()
  }
  const { queue } = pool
  return {
    ctx,
    jobs,
    embedded,
    registryAddress: address,
    metrics,
    tracing,
    disk,
    load,
    queue,
    stopping: false,
    log,
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

/** What a server serves. */
export function applicationOf(parts: Parts): Application {
  return {
    mount: async (url) => (await createApp(parts, url)).hono.fetch,
    report: (err) => parts.log.error({ err }, 'the rest of an answer could not be sent'),
    announceStop: () => {
      parts.stopping = true
    },
    drain: () => void parts.jobs.stop(),
    close: parts.close,
  }
}

/** Mounts every surface. `publicUrl` is where clients reach the app; `policy` says who may do what. */
export async function createApp(
  parts: Parts,
  publicUrl: URL,
  policy: AccessPolicy = EVERYBODY,
): Promise<App> {
  const { ctx, jobs, embedded, registryAddress, metrics, tracing, disk, load, log } = parts
  const onInternalError = (error: unknown, c: Context): void => {
    const { method, path } = c.req
    log.error({ err: error, requestId: c.get('requestId'), method, path }, 'request failed')
    if (isDiskFull(error)) void disk.check()
  }
  const guard: WriteGuard = {
    setTag: (repository, tag) => tagRefusal(ctx.db, repository, tag),
    deleteTag: (repository, tag) => tagDeletionRefusal(ctx.db, repository, tag),
    deleteManifest: (repository, manifest) => manifestDeletionRefusal(ctx.db, repository, manifest),
    deleteBlobs: (repository) => blobDeletionRefusal(ctx.db, repository),
  }
  const onOperation: OnOperation = (operation, outcome, seconds) =>
    metrics.work.operation.observe({ operation, outcome }, seconds)
  const surroundings = { stopping: () => parts.stopping, refusal: () => disk.refusal, queue: parts.queue }
  const apiVersion = await version()
  const app = new OpenAPIHono()
  app.use(requestLog(log, metrics))
  if (tracing !== NO_TRACING) app.use(traced(tracing))
  app.use(browserSafety(publicUrl))
  app.use(access(policy))
  app.use(readOnly(() => disk.refusal))
  app.use('/v2/*', pushLoadShedding(load))
  app.route(
    '/',
    embedded
      ? createRegistryApp(embedded, { guard, onInternalError })
      : createRegistryElsewhereApp(registryAddress ?? ''),
  )
  const registryHost = registryAddress ?? publicUrl.host
  app.route(
    BASE_PATH,
    createRestApp({ ctx, jobs, load, registryHost }, { onInternalError, onOperation, tracing }),
  )
  app.route(
    '/',
    healthRoutes(() => readiness(ctx, surroundings), metrics),
  )
  let document: object | undefined
  const getDocument = (): object => {
    document ??= apiDocument(app, apiVersion)
    return document
  }
  app.route('/', docsRoutes(getDocument))
  app.get('/', (c) => c.redirect('/docs'))
  app.notFound((c) =>
    respondProblem(c, problem('not_found', `there is no ${c.req.path}; the API is at /api/v1`)),
  )
  app.onError((error, c) => {
    onInternalError(error, c)
    return respondProblem(c, problemOf(error))
  })
  // Not sooner: a collection of garbage from the command line opens the parts, too.
  await jobs.resume()
  return { hono: app, document: getDocument }
}
