import { type Context, Hono } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { AppError, type ErrorCode, isDiskFull, shortened } from '../../core/errors.ts'
import type { ByteBudget } from '../../http/byte-budget.ts'
import { challenge } from '../../http/challenge.ts'
import { RETRY_FAILURE_AFTER } from '../../http/failure-limit.ts'
import { RETRY_AFTER } from '../../http/load-shedding.ts'
import { type Operation, register } from '../../http/operation.ts'
import { ClientGoneError, clientGoneResponse } from '../../http/request-body.ts'
import { requestedPath, routedPath } from '../../http/request-path.ts'
import { NOTHING } from '../../http/scope.ts'
import type { Surface } from '../../http/surface.ts'
import type { EmbeddedRegistry } from '../embedded-registry.ts'
import { RegistryError } from '../errors.ts'
import { PublicContent } from '../public-content.ts'
import type { ReadGuard } from '../read-guard.ts'
import { NO_GUARD, type WriteGuard } from '../write-guard.ts'
import { blobRoutes } from './blob-routes.ts'
import { listingRoutes } from './listing-routes.ts'
import { manifestRoutes } from './manifest-routes.ts'
import type { Authorize } from './request.ts'
import { type MayMount, uploadRoutes } from './upload-routes.ts'

type OnInternalError = (error: unknown, c: Context) => void

export type RegistryAppOptions = {
  guard?: WriteGuard
  /** What the client of a request may read; undefined for everything. */
  readGuard?: (c: Context) => ReadGuard | undefined
  /** Throws unless the caller has a permission that only the content of the request makes necessary. */
  authorize?: Authorize
  /** Whether a client that pushes may read the repository from which it wants a blob mounted. */
  mayMount?: MayMount
  /** Memory for manifests while clients send them. */
  bodies?: ByteBudget
  /** Called with every error that is not the client's fault. */
  onInternalError?: OnInternalError
}

const VERSION = { 'Docker-Distribution-API-Version': 'registry/2.0' }

const CHECK: Operation = { id: 'checkApi', needs: NOTHING, load: 'none', writesDisk: false }

/** Errors that middleware throws before a handler is called. */
const REFUSALS: {
  [code in ErrorCode]?: { code: string; status: ContentfulStatusCode; headers?: Record<string, string> }
} = {
  unauthenticated: { code: 'UNAUTHORIZED', status: 401 },
  throttled: { code: 'TOOMANYREQUESTS', status: 429, headers: { 'Retry-After': RETRY_FAILURE_AFTER } },
  forbidden: { code: 'DENIED', status: 403 },
  not_found: { code: 'NAME_UNKNOWN', status: 404 },
  unavailable: { code: 'UNAVAILABLE', status: 503, headers: { 'Retry-After': RETRY_AFTER } },
  overloaded: { code: 'TOOMANYREQUESTS', status: 429, headers: { 'Retry-After': RETRY_AFTER } },
  insufficient_storage: { code: 'DENIED', status: 507 },
}

/** Creates the HTTP API of the registry: everything below `/v2`, a path that the distribution spec fixes. */
export function createRegistryApp(registry: EmbeddedRegistry, options: RegistryAppOptions = {}): Hono {
  const { guard = NO_GUARD, readGuard = () => undefined, authorize = async () => undefined } = options
  const reading = { content: new PublicContent(registry), readGuard }
  const app = new Hono({ getPath: routedPath })
  register(app, 'GET', ['/v2', '/v2/'], CHECK, (c) => c.json({}, 200, VERSION))
  app.route('/v2', uploadRoutes(registry, reading, options.mayMount))
  app.route('/v2', blobRoutes(registry, guard, reading))
  app.route('/v2', manifestRoutes(registry, { guard, authorize, reading, bodies: options.bodies }))
  app.route('/v2', listingRoutes(registry, reading))

  const { onError, notFound } = registrySurface(options.onInternalError)
  return app.onError(onError).notFound(notFound)
}

/** Errors as the protocol has them. `elsewhere`: the address of the registry, if it is not in this server. */
export function registrySurface(
  onInternalError: OnInternalError = () => undefined,
  elsewhere?: string,
): Surface {
  return {
    onError: (error, c) => {
      if (error instanceof RegistryError) {
        return c.json(body(error.code, error.message), error.status as ContentfulStatusCode, {
          ...error.headers,
        })
      }
      if (error instanceof ClientGoneError) return clientGoneResponse()
      const refusal = error instanceof AppError ? REFUSALS[error.code] : undefined
      if (refusal) {
        const asked = refusal.status === 401 ? { ...VERSION, ...challenge(c) } : refusal.headers
        return c.json(body(refusal.code, error.message), refusal.status, asked)
      }
      if (error instanceof HTTPException) return c.json(body('UNSUPPORTED', error.message), error.status)
      onInternalError(error, c)
      if (isDiskFull(error)) return c.json(body('DENIED', 'the disk of the registry is full'), 507)
      return c.json(body('UNKNOWN', 'the registry failed; its log says why'), 500)
    },
    notFound: (c) => {
      const path = requestedPath(c)
      const message =
        elsewhere === undefined
          ? `the registry has no ${c.req.method} ${path}`
          : `this server keeps its artifacts in ${elsewhere}: ask there`
      return c.json(body('UNSUPPORTED', message), 404)
    },
  }
}

/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#error-codes */
function body(code: string, message: string): object {
  return { errors: [{ code, message: shortened(message) }] }
}
