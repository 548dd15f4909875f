import { randomUUID } from 'node:crypto'
import type { MiddlewareHandler } from 'hono'
import { routePath } from 'hono/route'
import type { Logger } from 'pino'
import { clean } from '../domain/audit/clean.ts'
import type { Metrics } from './metrics.ts'
import { loggedPath } from './request-path.ts'

declare module 'hono' {
  interface ContextVariableMap {
    requestId: string
  }
}

/** Logs and measures each request. */
export function requestLog(log: Logger, metrics: Metrics): MiddlewareHandler {
  return async function requestLog(c, next) {
    const start = performance.now()
    const requestId = c.req.header('X-Request-Id')?.slice(0, 128) ?? randomUUID()
    c.set('requestId', requestId)
    // Set before the handler responds: setting it later would make Hono copy the response.
    c.header('X-Request-Id', requestId)
    await next()
    const { method } = c.req
    const { status } = c.res
    // The route of the handler that was called last, and responded.
    const route = routePath(c)
    const milliseconds = performance.now() - start
    metrics.requestDuration.observe({ method, route, status }, milliseconds / 1000)
    const level = c.get('operation')?.quiet ? 'debug' : 'info'
    log[level](
      {
        requestId: clean(requestId),
        client: c.get('clientAddress'),
        userAgent: clean(c.req.header('User-Agent')) ?? undefined,
        method,
        path: loggedPath(c),
        status,
        milliseconds: Math.round(milliseconds * 1000) / 1000,
      },
      'request',
    )
  }
}
