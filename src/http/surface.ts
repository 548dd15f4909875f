import type { ErrorHandler, NotFoundHandler } from 'hono'

/** How a surface words what no handler answers: errors, and paths without a route. */
export type Surface = { onError: ErrorHandler; notFound: NotFoundHandler }
