import { createRoute, type RouteConfig } from '@hono/zod-openapi'
import { declaring, type Operation } from '../http/operation.ts'

/** The rest of the declaration follows from the route. */
export type DeclaredOperation = Omit<Operation, 'id' | 'bodyRequired' | 'bodyTypes'>

type OperationRoute<Path extends string> = Omit<RouteConfig, 'path'> & {
  path: Path
  operationId: string
  operation: DeclaredOperation
}

/** Describes a route for the API document, and declares its operation. */
export function defineRoute<Path extends string, Route extends OperationRoute<Path>>(
  route: Route,
): ReturnType<typeof createRoute<Path, Route>> {
  const { operation: declaration, middleware = [], ...described } = route
  const id = route.operationId
  const bodyRequired = route.request?.body?.required ?? false
  const bodyTypes = Object.keys(route.request?.body?.content ?? {})
  const middlewares = [declaring({ id, bodyRequired, bodyTypes, ...declaration }), middleware].flat()
  return createRoute({ ...described, middleware: middlewares }) as unknown as ReturnType<
    typeof createRoute<Path, Route>
  >
}
