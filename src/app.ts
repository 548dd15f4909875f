/** The composition root: from the settings to one app with every surface mounted. */
import { join } from 'node:path'
import { OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { Logger } from 'pino'
import { type AccessPolicy, access, EVERYBODY } from './api/access.ts'
import { browserSafety } from './api/browser-safety.ts'
import { docsRoutes } from './api/docs.ts'
import { apiDocument } from './api/document.ts'
import { observeDeliveries, observeWatches } from './api/event-metrics.ts'
import { healthRoutes } from './api/health.ts'
import { createMetrics, type Metrics, observeGarbage, observeJobs } from './api/metrics.ts'
import { requestLog } from './api/request-log.ts'
import { BASE_PATH } from './api/rest/base-path.ts'
import { problem, problemOf, respondProblem } from './api/rest/problem.ts'
import { createRestApp } from './api/rest/rest-app.ts'
import { toPackageRevisionView } from './api/rest/schemas/package-revision.ts'
import type { Application } from './cli/serve.ts'
import type { Config } from './config.ts'
import { lockFolder } from './database/folder-lock.ts'
import { GroupCommit } from './database/group-commit.ts'
import { openDatabase } from './database/open.ts'
import type { Db } from './database/schema.ts'
import { secret } from './database/settings.ts'
import { makeFolder } from './folder.ts'
import { scheduleGarbage } from './garbage-schedule.ts'
import { KeyedLock } from './keyed-lock.ts'
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
import { JobRunner } from './service/jobs/runner.ts'
import { upgradeItem } from './service/jobs/upgrade-item.ts'
import { readiness } from './service/readiness.ts'
import { compactChanges } from './service/watch/compaction.ts'
import { Watches } from './service/watch/watches.ts'
import { pruneAllDeliveries } from './service/webhooks/deliveries.ts'
import { WebhookDispatcher } from './service/webhooks/dispatcher.ts'
import type { Targets } from './service/webhooks/targets.ts'
import { createWorkPool, IN_THIS_THREAD, type Workers, type WorkPool } from './service/work-pool.ts'
import { version } from './version.ts'

/** How often work that the registry refused is tried again, in milliseconds. */
const RETRY_INTERVAL = 30_000

/** How often the logs of changes and deliveries are cut back, in milliseconds. */
const PRUNE_INTERVAL = 60_000

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
  watches: Watches
  /** Works like the jobs. */
  webhooks: WebhookDispatcher
  /** The registry, where it is ours: it is served at /v2/. */
  embedded: EmbeddedRegistry | undefined
  /** Where else it is. */
  registryAddress: string | undefined
  metrics: Metrics
  log: Logger
  close: () => Promise<void>
}

/** Opens the data folder, and finishes what an earlier process left to do. */
export async function openParts(config: Config, log: Logger, startPool = startThreads): Promise<Parts> {
  await makeFolder(config.data)
  const lock = lockFolder(config.data)
  const opened = await openRegistry(config, await version(), log)
  const db = openDatabase(join(config.data, 'index.db'))
  const pool = startPool(log)
  const parts = await assemble(db, opened, pool.workers, log, config.webhookTargets)
  const { ctx } = parts
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
  return {
    ...parts,
    close: async () => {
      clearInterval(retry)
      clearInterval(prune)
      stopCollecting()
      await parts.jobs.stop()
      await parts.webhooks.stop()
      await pool.close()
      await parts.close()
      await opened.close()
      lock.release()
    },
  }
}

/** Everything in memory and in this thread, gone with the process. */
export async function memoryParts(log: Logger): Promise<Parts> {
  const embedded = new EmbeddedRegistry(new MemoryStore())
  const opened = { registry: embedded, embedded, address: undefined, close: async () => undefined }
  return assemble(openDatabase(':memory:'), opened, IN_THIS_THREAD.workers, log)
}

function startThreads(log: Logger): WorkPool {
  return createWorkPool({ report: (err) => log.error({ err }, 'a thread that packs has failed') })
}

async function assemble(
  db: Db,
  opened: OpenedRegistry,
  workers: Workers,
  log: Logger,
  targets: Targets = 'private',
): Promise<Parts> {
  const { registry, embedded, address } = opened
  const metrics = createMetrics()
  const ctx: ServiceContext = {
    db,
    commits: new GroupCommit(db),
    registry,
    collect: embedded && ((options) => observeGarbage(metrics, embedded.collectGarbage(options))),
    locks: new KeyedLock(),
    intents: new IntentLog(),
    ...workers,
    limits: DEFAULT_LIMITS,
    now: () => new Date(),
    tokenKey: await secret(db, 'continue-token'),
    report: (err) => log.warn({ err }, 'work for the registry is left undone'),
  }
  const jobs = new JobRunner(ctx, {
    work: { clone: cloneItem, upgrade: upgradeItem },
    report: (err) => log.error({ err }, 'an item of a job has failed'),
    onEnd: (kind, outcome) => metrics.jobItems.inc({ kind, outcome }),
  })
  observeJobs(metrics, () => jobs.running)
  const watches = new Watches(ctx, { report: (err) => log.error({ err }, 'changes could not be read') })
  observeWatches(metrics, () => watches.watching)
  const webhooks = new WebhookDispatcher(ctx, {
    targets,
    report: (err) => log.error({ err }, 'webhooks could not be told'),
    onAttempt: observeDeliveries(metrics),
  })
  ctx.commits.onCommit(() => {
    watches.wake()
    webhooks.wake()
  })
  const close = async (): Promise<void> => {
    watches.drain()
    await jobs.stop()
    await webhooks.stop()
    await db.destroy()
  }
  return { ctx, jobs, watches, webhooks, embedded, registryAddress: address, metrics, log, close }
}

/** What a server serves. */
export function applicationOf(parts: Parts): Application {
  return {
    mount: async (url) => (await createApp(parts, url)).hono.fetch,
    report: (err) => parts.log.error({ err }, 'the rest of an answer could not be sent'),
    drain: () => {
      parts.jobs.drain()
      parts.watches.drain()
    },
    close: parts.close,
  }
}

/** Mounts every surface. `publicUrl` is where clients reach the app; `policy` says who may do what. */
export async function createApp(
  parts: Parts,
  publicUrl: URL,
  policy: AccessPolicy = EVERYBODY,
): Promise<App> {
  const { ctx, jobs, watches, webhooks, embedded, registryAddress, metrics, log } = parts
  const onInternalError = (error: unknown, c: Context): void => {
    const { method, path } = c.req
    log.error({ err: error, requestId: c.get('requestId'), method, path }, 'request failed')
  }
  const guard: WriteGuard = {
    setTag: (repository, tag) => tagRefusal(ctx.db, repository, tag),
    deleteTag: (repository, tag) => tagDeletionRefusal(ctx.db, repository, tag),
    deleteManifest: (repository, manifest) => manifestDeletionRefusal(ctx.db, repository, manifest),
    deleteBlobs: (repository) => blobDeletionRefusal(ctx.db, repository),
  }
  const apiVersion = await version()
  const app = new OpenAPIHono()
  app.use(requestLog(log, metrics))
  app.use(browserSafety(publicUrl))
  app.use(access(policy))
  app.route(
    '/',
    embedded
      ? createRegistryApp(embedded, { guard, onInternalError })
      : createRegistryElsewhereApp(registryAddress ?? ''),
  )
  const registryHost = registryAddress ?? publicUrl.host
  app.route(BASE_PATH, createRestApp({ ctx, jobs, watches, webhooks, registryHost }, { onInternalError }))
  app.route(
    '/',
    healthRoutes(() => readiness(ctx), metrics),
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
  await webhooks.start((revision) => toPackageRevisionView(revision, registryHost))
  return { hono: app, document: getDocument }
}
