/** The path of a request: as the client sent it, and as it is routed. */
import type { Context, MiddlewareHandler } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { getPath } from 'hono/utils/url'
import { clean } from '../domain/audit/clean.ts'

/** A path of a package has 1024 bytes at most, and the rest of a path is shorter than that. */
export const MAX_PATH = 4096

/** Leads to no route. */
const TOO_LONG = '/.'

/**
 * The paths with a parameter that may have slashes. Each takes linear time, which patterns in routes would not: the
 * router tries them at every slash.
 */
const WITH_SLASHES = [
  /^(\/v2\/)(.+)(\/tags\/list|\/blobs\/uploads(?:\/[^/]*)?|\/(?:manifests|blobs|referrers)\/[^/]+)$/,
  /^(\/api\/v1\/packages\/[^/]+\/)(.+?)(\/(?:graph|dependencies|dependents|values-schema|values)|)$/,
  /^(\/api\/v1\/packagerevisions\/[^/]+\/resources\/)(.+)()$/,
  /^(\/glasskube\/[^/]+\/[^/]+\/[^/]+\/)(.+)()$/,
]

/** The path for an app's routes, where each parameter is one segment: `/v2/team%2Fapp/tags/list`. */
export function routedPath(request: Request): string {
  const path = getPath(request)
  if (path.length > MAX_PATH) return TOO_LONG
  for (const pattern of WITH_SLASHES) {
    const [, before, parameter, after] = pattern.exec(path) ?? []
    if (parameter !== undefined) return `${before}${parameter.replaceAll('/', '%2F')}${after}`
  }
  return path
}

/** The path that the client has sent, with escapes decoded, except for those of separators. */
export function requestedPath(c: Context): string {
  return getPath(c.req.raw).slice(0, MAX_PATH)
}

/** The same for logs and traces: without what looks like a token, as a client may put one in the wrong place. */
export function loggedPath(c: Context): string {
  return clean(requestedPath(c), MAX_PATH) ?? ''
}

/** Refuses paths that are longer than any that the server knows. */
export const boundedPath: MiddlewareHandler = (c, next) => {
  if (c.req.path !== TOO_LONG) return next()
  throw new HTTPException(414, { message: `the path has more than ${MAX_PATH} characters; shorten it` })
}
