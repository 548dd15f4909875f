/** Mounts every surface on one app, with the components that `components.ts` has opened. */
import { OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { DeviceGrant } from '../api/auth/device-grant.ts'
import { deviceRoutes } from '../api/auth/device-routes.ts'
import { loginRoutes } from '../api/auth/login-routes.ts'
import { pageSurface } from '../api/auth/page-surface.ts'
import { DEVICE_PATH } from '../api/auth/paths.ts'
import { tokenRoutes } from '../api/auth/token-routes.ts'
import { tokenSurface } from '../api/auth/token-surface.ts'
import { docsRoutes } from '../api/docs/docs.ts'
import { apiDocument } from '../api/docs/document.ts'
import { TREE_PATH } from '../api/glasskube/paths.ts'
import { treeRoutes } from '../api/glasskube/tree-routes.ts'
import { treeSurface } from '../api/glasskube/tree-surface.ts'
import { healthRoutes } from '../api/operations/health.ts'
import { BASE_PATH } from '../api/rest/base-path.ts'
import { createRestApp } from '../api/rest/rest-app.ts'
import { restSurface } from '../api/rest/rest-surface.ts'
import { toPackageRevisionView } from '../api/rest/schemas/package-revision.ts'
import { isDiskFull } from '../core/errors.ts'
import { clean } from '../domain/audit/clean.ts'
import { access, authorize, callerOf, mayRead, type OnDenied, recordDenial } from '../http/access.ts'
import { answerMemory } from '../http/answer-memory.ts'
import { authentication, registryAuthentication } from '../http/authentication.ts'
import { browserSafety } from '../http/browser-safety.ts'
import { TOKEN_PATH } from '../http/challenge.ts'
import { clientOfRequest } from '../http/client-of-request.ts'
import { knownHosts } from '../http/known-hosts.ts'
import { loadShedding } from '../http/load-shedding.ts'
import { readOnly } from '../http/read-only.ts'
import { requestLog } from '../http/request-log.ts'
import { boundedPath, loggedPath, requestedPath, routedPath } from '../http/request-path.ts'
import { NO_TRACING, traced } from '../http/tracing.ts'
import { createRegistryApp, registrySurface } from '../registry/http/registry-app.ts'
import { targetOf } from '../registry/http/request.ts'
import type { ReadGuard } from '../registry/read-guard.ts'
import type { WriteGuard } from '../registry/write-guard.ts'
import {
  blobDeletionRefusal,
  manifestDeletionRefusal,
  tagDeletionRefusal,
  tagRefusal,
} from '../service/access/client-writes.ts'
import { readingRules } from '../service/access/registry-reading.ts'
import { StreamRights } from '../service/access/stream-rights.ts'
import { auditDenial } from '../service/audit/record.ts'
import { readiness } from '../service/maintenance/readiness.ts'
import { visibleToReceiver } from '../service/webhooks/webhook-rights.ts'
import type { Components } from './components.ts'
import { openLogin } from './login.ts'
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

/** `publicUrl`: where clients reach the app. */
export async function createApp(components: Components, publicUrl: URL): Promise<App> {
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
    authenticator,
    log,
  } = components
  const onInternalError = (error: unknown, c: Context): void => {
    const { method } = c.req
    log.error(
      { err: error, requestId: clean(c.get('requestId')), method, path: loggedPath(c) },
      'request failed',
    )
    if (isDiskFull(error)) void disk.check()
  }
  const onDenied: OnDenied = (actor, denied) =>
    auditDenial(ctx, actor, denied).catch((err) =>
      log.error({ err, actor: actor.name, ...denied }, 'cannot record a refusal in the audit log'),
    )
  const guard: WriteGuard = {
    setTag: (repository, tag, manifest) => tagRefusal(ctx.db, repository, tag, manifest),
    deleteTag: (repository, tag) => tagDeletionRefusal(ctx.db, repository, tag),
    deleteManifest: (repository, manifest) => manifestDeletionRefusal(ctx.db, repository, manifest),
    deleteBlobs: (repository) => blobDeletionRefusal(ctx.db, repository),
  }
  const mayMount = (c: Context, from: string) => mayRead(c, from, targetOf(from))
  const readGuard = (c: Context): ReadGuard | undefined => readingRules(ctx.db, callerOf(c))
  const surroundings = {
    stopping: () => components.stopping,
    refusal: () => disk.refusal,
    queue: components.queue,
  }
  const apiVersion = await version()
  const registryHost = registryAddress ?? publicUrl.host
  const app = new OpenAPIHono({ getPath: routedPath })
  const registry = registrySurface(onInternalError, registryAddress)
  const rest = restSurface(app, onInternalError)
  const tokens = tokenSurface(onInternalError)
  const pages = pageSurface(onInternalError)
  const tree = treeSurface(app, onInternalError)
  const surfaceOf = (c: Context) => {
    if (/^\/v2(?:\/|$)/.test(requestedPath(c))) return registry
    const { method, path } = c.req
    if (path.startsWith(`${TREE_PATH}/`)) return tree
    if (path === TOKEN_PATH || (path === DEVICE_PATH && method === 'POST')) return tokens
    return path.startsWith('/auth/') ? pages : rest
  }
  app.onError(async (error, c) => {
    await recordDenial(c, error)
    return surfaceOf(c).onError(error, c)
  })
  app.notFound((c) => surfaceOf(c).notFound(c))

  app.use(requestLog(log, metrics))
  app.use(clientOfRequest(trustedProxies))
  if (tracing !== NO_TRACING) app.use(traced(tracing))
  app.use(boundedPath)
  app.use(knownHosts([publicUrl.hostname, ...hosts]))
  app.use(browserSafety(publicUrl))
  const login = await openLogin(components, publicUrl)
  const onSessionUse = login.logins?.refresh.noteUse
  app.use(authentication({ ...authenticator, onSessionUse }, { publicUrl, trustedProxies }))
  app.use(access(app, { control: authenticator.access, onDenied }, log))
  if (embedded) app.use('/v2/*', registryAuthentication(authenticator))
  app.use(readOnly(() => disk.refusal))

  app.use(answerMemory(load))
  app.use('/v2/*', loadShedding(load))
  if (embedded)
    app.route(
      '/',
      createRegistryApp(embedded, {
        guard,
        readGuard,
        authorize,
        mayMount,
        bodies: load.bodies,
        onInternalError,
      }),
    )
  app.route(
    BASE_PATH,
    createRestApp(
      {
        ctx,
        access: authenticator.access,
        streams: new StreamRights(authenticator.access),
        jobs,
        discovery,
        watches,
        webhooks,
        load,
        registryHost,
        version: apiVersion,
        providerUrl: login.cookies.possible ? components.provider?.settings.issuer : undefined,
      },
      (operation, outcome, seconds) => metrics.work.operation.observe({ operation, outcome }, seconds),
      tracing,
    ),
  )
  app.route('/', treeRoutes(components.tree, load))
  app.route('/', tokenRoutes(authenticator, new DeviceGrant(authenticator.access, authenticator.failures)))
  app.route('/', loginRoutes(login))
  app.route('/', deviceRoutes(login))
  app.route(
    '/',
    healthRoutes(() => readiness(ctx, surroundings), components.instance, metrics),
  )
  let document: object | undefined
  const getDocument = (): object => {
    document ??= apiDocument(app, apiVersion)
    return document
  }
  app.route('/', docsRoutes(getDocument))
  // The mode of the server begins here, with what it says about it.
  await authenticator.access.policy()
  // Not when the components are opened: a garbage collection from the command line opens them too.
  await jobs.resume()
  await webhooks.start(async (revision, filter) =>
    toPackageRevisionView(
      revision,
      registryHost,
      visibleToReceiver(await authenticator.access.policy(), filter),
    ),
  )
  return { hono: app, document: getDocument }
}
