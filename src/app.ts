/** The composition root: from the settings to one app with every surface mounted. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { Logger } from 'pino'
import { browserSafety } from './api/browser-safety.ts'
import { docsRoutes } from './api/docs.ts'
import { apiDocument } from './api/document.ts'
import { healthRoutes } from './api/health.ts'
import { createMetrics } from './api/metrics.ts'
import { requestLog } from './api/request-log.ts'
import { BASE_PATH } from './api/rest/api.ts'
import { problem, problemOf, respondProblem } from './api/rest/problem.ts'
import { createRestApp } from './api/rest/rest-app.ts'
import type { Config } from './config.ts'
import { lockFolder } from './database/folder-lock.ts'
import { GroupCommit } from './database/group-commit.ts'
import { openDatabase } from './database/open.ts'
import type { Db } from './database/schema.ts'
import { secret } from './database/settings.ts'
import { makeFolder } from './folder.ts'
import { KeyedLock } from './keyed-lock.ts'
import { DEFAULT_LIMITS } from './package/resources.ts'
import { EmbeddedRegistry } from './registry/embedded-registry.ts'
import { createRegistryApp } from './registry/http/registry-app.ts'
import type { BlobStore } from './registry/store/blob-store.ts'
import { FsStore } from './registry/store/fs-store.ts'
import { MemoryStore } from './registry/store/memory-store.ts'
import type { WriteGuard } from './registry/write-guard.ts'
import {
  blobDeletionRefusal,
  manifestDeletionRefusal,
  tagDeletionRefusal,
  tagRefusal,
} from './service/client-writes.ts'
import type { ServiceContext } from './service/context.ts'
import { finishAll, IntentLog, recallIntents } from './service/intents.ts'
import type { Prepare } from './service/prepare.ts'
import { createPreparePool, IN_THIS_THREAD, type PreparePool } from './service/prepare-pool.ts'
import { readiness } from './service/readiness.ts'

/** How often work that the registry refused is tried again, in milliseconds. */
const RETRY_INTERVAL = 30_000

export type App = {
  hono: OpenAPIHono
  /** The OpenAPI document. */
  document: () => object
}

/** What an app is made of, and what has to be closed after it. */
export type Parts = {
  ctx: ServiceContext
  registry: EmbeddedRegistry
  log: Logger
  close: () => Promise<void>
}

/** Opens the data folder, and finishes what an earlier process left to do. */
export async function openParts(config: Config, log: Logger, startPool = startThreads): Promise<Parts> {
  await makeFolder(config.data)
  const lock = lockFolder(config.data)
  const store = await FsStore.open(join(config.data, 'registry'))
  const db = openDatabase(join(config.data, 'index.db'))
  const pool = startPool(log)
  const parts = await assemble(db, store, pool.prepare, log)
  await recallIntents(parts.ctx)
  await finishAll(parts.ctx)
  const retry = setInterval(() => finishAll(parts.ctx), RETRY_INTERVAL)
  return {
    ...parts,
    close: async () => {
      clearInterval(retry)
      await pool.close()
      await parts.close()
      await store.close()
      lock.release()
    },
  }
}

/** Everything in memory and in this thread, gone with the process. */
export async function memoryParts(log: Logger): Promise<Parts> {
  return assemble(openDatabase(':memory:'), new MemoryStore(), IN_THIS_THREAD.prepare, log)
}

function startThreads(log: Logger): PreparePool {
  return createPreparePool({ report: (err) => log.error({ err }, 'a thread that packs has failed') })
}

async function assemble(db: Db, store: BlobStore, prepare: Prepare, log: Logger): Promise<Parts> {
  const registry = new EmbeddedRegistry(store)
  const ctx: ServiceContext = {
    db,
    commits: new GroupCommit(db),
    registry,
    locks: new KeyedLock(),
    intents: new IntentLog(),
    prepare,
    limits: DEFAULT_LIMITS,
    now: () => new Date(),
    tokenKey: await secret(db, 'continue-token'),
    report: (err) => log.warn({ err }, 'work for the registry is left undone'),
  }
  return { ctx, registry, log, close: () => db.destroy() }
}

/** Mounts every surface. `publicUrl` is where clients reach the app. */
export async function createApp({ ctx, registry, log }: Parts, publicUrl: URL): Promise<App> {
  const metrics = createMetrics()
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
  const { version } = JSON.parse(await readFile(join(import.meta.dirname, '../package.json'), 'utf8'))

  const app = new OpenAPIHono()
  app.use(requestLog(log, metrics))
  app.use(browserSafety(publicUrl))
  app.route('/', createRegistryApp(registry, { guard, onInternalError }))
  app.route(BASE_PATH, createRestApp({ ctx, registryHost: publicUrl.host }, { onInternalError }))
  app.route(
    '/',
    healthRoutes(() => readiness(ctx), metrics),
  )
  let document: object | undefined
  const getDocument = (): object => {
    document ??= apiDocument(app, version)
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
  return { hono: app, document: getDocument }
}
