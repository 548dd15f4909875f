import { type Context, Hono } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { isDiskFull, shortened } from '../../core/errors.ts'
import { ClientGoneError, clientGoneResponse } from '../../http/request-body.ts'
import type { EmbeddedRegistry } from '../embedded-registry.ts'
import { RegistryError } from '../errors.ts'
import { NO_GUARD, type WriteGuard } from '../write-guard.ts'
import { blobRoutes } from './blob-routes.ts'
import { listingRoutes } from './listing-routes.ts'
import { manifestRoutes } from './manifest-routes.ts'
import { uploadRoutes } from './upload-routes.ts'

const ANY = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']

export type RegistryAppOptions = {
  guard?: WriteGuard
  /** Called with every error that is not the client's fault. */
  onInternalError?: (error: unknown, c: Context) => void
}

/** Creates the HTTP API of the registry: everything below `/v2`, a path that the distribution spec fixes. */
export function createRegistryApp(registry: EmbeddedRegistry, options: RegistryAppOptions = {}): Hono {
  const guard = options.guard ?? NO_GUARD
  const app = new Hono()

  app.on('GET', ['/v2', '/v2/'], (c) =>
    c.json({}, 200, { 'Docker-Distribution-API-Version': 'registry/2.0' }),
  )
  app.route('/v2', uploadRoutes(registry))
  app.route('/v2', blobRoutes(registry, guard))
  app.route('/v2', manifestRoutes(registry, guard))
  app.route('/v2', listingRoutes(registry))

  app.all('/v2/*', (c) =>
    c.json(body('UNSUPPORTED', `the registry has no ${c.req.method} ${c.req.path}`), 404),
  )

  app.onError((error, c) => {
    if (error instanceof RegistryError) {
      return c.json(body(error.code, error.message), error.status as ContentfulStatusCode, {
        ...error.headers,
      })
    }
    if (error instanceof ClientGoneError) return clientGoneResponse()
    options.onInternalError?.(error, c)
    if (isDiskFull(error)) return c.json(body('DENIED', 'the disk of the registry is full'), 507)
    return c.json(body('UNKNOWN', 'the registry failed; its log says why'), 500)
  })

  return app
}

/** Creates the app that tells clients at `/v2` where the registry is, if it is elsewhere. */
export function createRegistryElsewhereApp(address: string): Hono {
  const app = new Hono()
  app.on(ANY, ['/v2', '/v2/*'], (c) =>
    c.json(body('UNSUPPORTED', `this server keeps its artifacts in ${address}: ask there`), 404),
  )
  return app
}

function body(code: string, message: string): object {
  return { errors: [{ code, message: shortened(message) }] }
}
