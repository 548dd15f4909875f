/** Mounts every surface on one app, with the components that `components.ts` has opened. */
import { OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { docsRoutes } from '../api/docs/docs.ts'
import { apiDocument } from '../api/docs/document.ts'
import { healthRoutes } from '../api/operations/health.ts'
import { BASE_PATH } from '../api/rest/base-path.ts'
import { createRestApp } from '../api/rest/rest-app.ts'
import { restSurface } from '../api/rest/rest-surface.ts'
import { toPackageRevisionView } from '../api/rest/schemas/package-revision.ts'
import { isDiskFull } from '../core/errors.ts'
import { type AccessPolicy, ALLOW_ALL, access } from '../http/access.ts'
import { answerMemory } from '../http/answer-memory.ts'
import { browserSafety } from '../http/browser-safety.ts'
import { clientOfRequest } from '../http/client-of-request.ts'
import { knownHosts } from '../http/known-hosts.ts'
import { loadShedding } from '../http/load-shedding.ts'
import { readOnly } from '../http/read-only.ts'
import { requestLog } from '../http/request-log.ts'
import { boundedPath, requestedPath, routedPath } from '../http/request-path.ts'
import { NO_TRACING, traced } from '../http/tracing.ts'
import { createRegistryApp, registrySurface } from '../registry/http/registry-app.ts'
import type { WriteGuard } from '../registry/write-guard.ts'
import {
  blobDeletionRefusal,
  manifestDeletionRefusal,
  tagDeletionRefusal,
  tagRefusal,
} from '../service/access/client-writes.ts'
import { readiness } from '../service/maintenance/readiness.ts'
import type { Components } from './components.ts'
import type { Application } from './serve.ts'
import { version } from './version.ts'

export type App = {
  hono: OpenAPIHono
  /** The OpenAPI document. */
  document: () => object
}

/** The application that a server runs. */
export function applicationOf(components: Components): Application {
  return {
    mount: async (url) => (await createApp(components, url)).hono.fetch,
    report: (err) => components.log.error({ err }, 'cannot send the rest of a response'),
    announceStop: () => {
      components.stopping = true
    },
    drain: () => {
      components.watches.drain()
      void components.jobs.stop()
    },
    close: components.close,
  }
}

/** `publicUrl`: where clients reach the app. `policy`: decides what a caller may do. */
export async function createApp(
  components: Components,
  publicUrl: URL,
  policy: AccessPolicy = ALLOW_ALL,
): Promise<App> {
  const {
    ctx,
    jobs,
    discovery,
    watches,
    webhooks,
    embedded,
    registryAddress,
    metrics,
    tracing,
    disk,
    load,
    hosts,
    trustedProxies,
    log,
  } = components
  const onInternalError = (error: unknown, c: Context): void => {
    const { method } = c.req
    log.error({ err: error, requestId: c.get('requestId'), method, path: requestedPath(c) }, 'request failed')
    if (isDiskFull(error)) void disk.check()
  }
  const guard: WriteGuard = {
    setTag: (repository, tag, manifest) => tagRefusal(ctx.db, repository, tag, manifest),
    deleteTag: (repository, tag) => tagDeletionRefusal(ctx.db, repository, tag),
    deleteManifest: (repository, manifest) => manifestDeletionRefusal(ctx.db, repository, manifest),
    deleteBlobs: (repository) => blobDeletionRefusal(ctx.db, repository),
  }
  const surroundings = {
    stopping: () => components.stopping,
    refusal: () => disk.refusal,
    queue: components.queue,
  }
  const registryHost = registryAddress ?? publicUrl.host
  const app = new OpenAPIHono({ getPath: routedPath })
  const registry = registrySurface(onInternalError, registryAddress)
  const rest = restSurface(app, onInternalError)
  const surfaceOf = (c: Context) => (/^\/v2(?:\/|$)/.test(requestedPath(c)) ? registry : rest)
  app.onError((error, c) => surfaceOf(c).onError(error, c))
  app.notFound((c) => surfaceOf(c).notFound(c))

  app.use(requestLog(log, metrics))
  app.use(clientOfRequest(trustedProxies))
  if (tracing !== NO_TRACING) app.use(traced(tracing))
  app.use(boundedPath)
  app.use(knownHosts([publicUrl.hostname, ...hosts]))
  app.use(browserSafety(publicUrl))
  app.use(access(app, policy, log))
  app.use(readOnly(() => disk.refusal))

  app.use(answerMemory(load))
  app.use('/v2/*', loadShedding(load))
  if (embedded) app.route('/', createRegistryApp(embedded, { guard, bodies: load.bodies, onInternalError }))
  app.route(
    BASE_PATH,
    createRestApp(
      { ctx, jobs, discovery, watches, webhooks, load, registryHost },
      (operation, outcome, seconds) => metrics.work.operation.observe({ operation, outcome }, seconds),
      tracing,
    ),
  )
  app.route(
    '/',
    healthRoutes(() => readiness(ctx, surroundings), components.instance, metrics),
  )
  const apiVersion = await version()
  let document: object | undefined
  const getDocument = (): object => {
    document ??= apiDocument(app, apiVersion)
    return document
  }
  app.route('/', docsRoutes(getDocument))
  // Not when the components are opened: a garbage collection from the command line opens them too.
  await jobs.resume()
  await webhooks.start((revision) => toPackageRevisionView(revision, registryHost))
  return { hono: app, document: getDocument }
}
