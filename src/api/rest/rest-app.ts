import { OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { RETRY_AFTER, restLoadShedding } from '../../http/load-shedding.ts'
import { ClientGoneError, clientGoneResponse } from '../../http/request-body.ts'
import { NO_TRACING, type Tracing } from '../../http/tracing.ts'
import type { Api } from './api.ts'
import { BASE_PATH } from './base-path.ts'
import { boundedBody, maxBodyBytes } from './body.ts'
import { measuredOperations, type OnOperation, operationsOf, requiredBody } from './operations.ts'
import { problem, problemOf, respondProblem } from './problem.ts'
import { backupRoutes } from './routes/backups.ts'
import { cloneJobRoutes } from './routes/clones.ts'
import { diffRoutes } from './routes/diff.ts'
import { garbageCollectionRoutes } from './routes/garbage-collections.ts'
import { imageRoutes } from './routes/images.ts'
import { jobEventRoutes } from './routes/job-events.ts'
import { jobRoutes } from './routes/jobs.ts'
import { lifecycleRoutes } from './routes/lifecycle.ts'
import { linkRoutes } from './routes/links.ts'
import { objectRoutes } from './routes/objects.ts'
import { packageRevisionRoutes } from './routes/package-revisions.ts'
import { packageRoutes } from './routes/packages.ts'
import { repositoryRoutes } from './routes/repositories.ts'
import { resourceRoutes } from './routes/resources.ts'
import { upgradeRoutes } from './routes/upgrade.ts'
import { upgradeJobRoutes } from './routes/upgrades.ts'
import { verificationRoutes } from './routes/verifications.ts'
import { webhookRoutes } from './routes/webhooks.ts'
import { invalidRequest } from './validation.ts'

export type RestAppOptions = {
  /** Is told of every failure that is the server's own. */
  onInternalError?: (error: unknown, c: Context) => void
  onOperation?: OnOperation
  tracing?: Tracing
}

/** The REST API, to be mounted at `BASE_PATH`. */
export function createRestApp(api: Api, options: RestAppOptions = {}): OpenAPIHono {
  const app = new OpenAPIHono({
    defaultHook: (result) => {
      if (!result.success) throw invalidRequest(result.target, result.error)
    },
  })

  let operationOf: ReturnType<typeof operationsOf> = () => undefined
  const { onOperation = () => undefined, tracing = NO_TRACING } = options
  app.use(measuredOperations((c) => operationOf(c), onOperation, tracing))
  app.use(boundedBody(maxBodyBytes(api), api.load.bodies))
  app.use(requiredBody)
  app.use(restLoadShedding(api.load))

  app.route('/', repositoryRoutes(api))
  app.route('/', packageRoutes(api))
  app.route('/', packageRevisionRoutes(api))
  app.route('/', linkRoutes(api))
  app.route('/', objectRoutes(api))
  app.route('/', imageRoutes(api))
  app.route('/', resourceRoutes(api))
  app.route('/', lifecycleRoutes(api))
  app.route('/', diffRoutes(api))
  app.route('/', upgradeRoutes(api))
  app.route('/', upgradeJobRoutes(api))
  app.route('/', cloneJobRoutes(api))
  app.route('/', jobRoutes(api))
  app.route('/', jobEventRoutes(api))
  app.route('/', webhookRoutes(api))
  app.route('/', garbageCollectionRoutes(api))
  app.route('/', verificationRoutes(api))
  app.route('/', backupRoutes(api))
  app.all('*', (c) => respondUnknown(c, methodsByPath))
  const methodsByPath = methodsOf(app)
  operationOf = operationsOf(app)

  app.onError((error, c) => {
    if (error instanceof ClientGoneError) return clientGoneResponse()
    const found = problemOf(error)
    if (found.status >= 500 && found.code !== 'overloaded') options.onInternalError?.(error, c)
    return respondProblem(c, found, found.code === 'overloaded' ? { 'Retry-After': RETRY_AFTER } : {})
  })
  return app
}

type MethodsByPath = readonly { pattern: RegExp; methods: string[] }[]

function methodsOf(app: OpenAPIHono): MethodsByPath {
  const byPath = new Map<string, string[]>()
  for (const definition of app.openAPIRegistry.definitions) {
    if (definition.type !== 'route') continue
    const { path, method } = definition.route
    byPath.set(path, [...(byPath.get(path) ?? []), method.toUpperCase()])
  }
  return [...byPath].map(([path, methods]) => ({
    pattern: new RegExp(
      `^${BASE_PATH}${path.replace(/{path}|{package}/, '.+').replaceAll(/{\w+}/g, '[^/]+')}$`,
    ),
    methods: methods.includes('GET') ? [...methods, 'HEAD'] : methods,
  }))
}

/** 405 for a path that has other methods, 404 for any other. */
function respondUnknown(c: Context, methodsByPath: MethodsByPath): Response {
  const known = methodsByPath.find(({ pattern }) => pattern.test(c.req.path))
  if (!known) {
    return respondProblem(c, problem('not_found', `the API has no ${c.req.path}; /docs shows what it has`))
  }
  const allow = known.methods.join(', ')
  const detail = `${c.req.method} is not possible on ${c.req.path}; possible are ${allow}`
  return respondProblem(c, problem('method_not_allowed', detail), { Allow: allow })
}
