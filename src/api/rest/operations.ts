/** Which operation of the API document a request is. */
import type { OpenAPIHono } from '@hono/zod-openapi'
import type { Context, MiddlewareHandler } from 'hono'
import { matchedRoutes } from 'hono/route'
import { AppError } from '../../core/errors.ts'
import type { Tracing } from '../../http/tracing.ts'
import { BASE_PATH } from './base-path.ts'

export type Operation = { id: string; bodyRequired: boolean }

declare module 'hono' {
  interface ContextVariableMap {
    /** The operation that a REST call is; undefined where it is none. */
    operation: Operation | undefined
  }
}

/** Knows the operations of all routes that are mounted on an app. */
export function operationsOf(app: OpenAPIHono): (c: Context) => Operation | undefined {
  const operations = new Map<string, Operation>()
  for (const definition of app.openAPIRegistry.definitions) {
    if (definition.type !== 'route') continue
    const { method, path, operationId = '', request } = definition.route
    const bodyRequired = request?.body?.required ?? false
    operations.set(`${method.toUpperCase()} ${BASE_PATH}${path}`, { id: operationId, bodyRequired })
  }
  return (c) => {
    for (const { method, path } of matchedRoutes(c)) {
      const found = operations.get(`${method} ${documented(path)}`)
      if (found) return found
    }
    return undefined
  }
}

/** As the document writes a path: `:path{.+}` is `{path}` there. */
function documented(path: string): string {
  return path.replace(/:(\w+)(?:\{[^/]*\})?/g, '{$1}')
}

/** Insists on bodies that the document calls required: the library takes one that is missing for an empty object. */
export const requiredBody: MiddlewareHandler = async (c, next) => {
  if (!c.var.receivedBody?.bytes.byteLength && c.var.operation?.bodyRequired) {
    throw new AppError('invalid', 'the body is missing')
  }
  return next()
}

/** In seconds; `outcome` is `refused` for what is the client's fault. */
export type OnOperation = (id: string, outcome: 'done' | 'refused' | 'failed', seconds: number) => void

/** Notes which operation a request is, and tells of each that has come to its end, which is a span. */
export function measuredOperations(
  operationOf: (c: Context) => Operation | undefined,
  onOperation: OnOperation,
  tracing: Tracing,
): MiddlewareHandler {
  return async function measuredOperations(c, next) {
    const operation = operationOf(c)
    if (!operation) return next()
    c.set('operation', operation)
    const { id } = operation
    const start = performance.now()
    await tracing.inSpan(id, next)
    const { status } = c.res
    const outcome = status < 400 ? 'done' : status < 500 ? 'refused' : 'failed'
    onOperation(id, outcome, (performance.now() - start) / 1000)
  }
}
