/** Operations: what each needs and costs, declared beside its route and read by all middleware. */
import type { Env, Handler, Hono, MiddlewareHandler } from 'hono'
import type { BlankEnv, RouterRoute } from 'hono/types'
import { findTargetHandler } from 'hono/utils/handler'
import type { Needs } from './scope.ts'

export type Operation = {
  /** The operationId, if the API document has the operation. Several routes may serve one operation. */
  id: string
  needs: Needs
  load: LoadClass
  /** True if it is refused while the disk is nearly full. */
  writesDisk: boolean
  /** The content types of the body; undefined if it takes none. */
  bodyTypes?: readonly string[]
  /** True if files may come in the body, so that it may be large. */
  largeBody?: boolean
  /** True if an empty body is refused. */
  bodyRequired?: boolean
  /** True for calls that machines make every few seconds: they are logged at debug level. */
  quiet?: boolean
}

/**
 * How an operation counts against the load limits. `read`: unpacks or compares packages. `list`: may answer with
 * megabytes that are made in little time. `write`: changes something through the API. `push`: changes something in `/v2`.
 * `none`: cheap, or helps an overloaded server; never waits.
 */
export type LoadClass = 'none' | 'read' | 'list' | 'write' | 'push'

declare module 'hono' {
  interface ContextVariableMap {
    /** Undefined for paths without a route. */
    operation: Operation | undefined
  }
}

const declared = new WeakMap<object, Operation>()

/** Adds a route with its operation to an app. */
export function register<Path extends string>(
  app: Hono,
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
  path: Path | Path[],
  operation: Operation,
  handler: Handler<BlankEnv, Path>,
): void {
  declared.set(handler, operation)
  app.on(method, [path].flat(), handler as Handler)
}

/** A middleware that only declares the operation of its route, for routes that a library adds. */
export function declaring(operation: Operation): MiddlewareHandler {
  const middleware: MiddlewareHandler = (_c, next) => next()
  declared.set(middleware, operation)
  return middleware
}

/** The operation of each route of an app; undefined for a route that declares none. */
export function operationsOf(app: Hono<Env>): Map<RouterRoute, Operation | undefined> {
  return new Map(
    app.routes.filter((route) => !isMiddleware(route)).map((route) => [route, declaredBy(route)]),
  )
}

/** The methods for which the app has operations at a path. */
export function methodsAt(app: Hono<Env>, path: string): string[] {
  const methods = ['POST', 'GET', 'PUT', 'PATCH', 'DELETE'].filter((method) =>
    app.router.match(method, path)[0].some(([[, route]]) => declaredBy(route) !== undefined),
  )
  return methods.includes('GET') ? [...methods, 'HEAD'] : methods
}

/** Hono keeps middleware in the same list; only middleware takes `next` and all methods. */
function isMiddleware({ method, handler }: RouterRoute): boolean {
  return method === 'ALL' && findTargetHandler(handler).length > 1
}

function declaredBy({ handler }: RouterRoute): Operation | undefined {
  return declared.get(findTargetHandler(handler))
}
