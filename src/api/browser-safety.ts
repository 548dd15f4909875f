import type { MiddlewareHandler } from 'hono'
import { problem, respondProblem } from './rest/problem.ts'

const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS']

/**
 * Lets no page of another site make changes through the browser of somebody who can reach this server: an approval
 * has no body, so a browser would send it from anywhere without asking. Programs send neither of the headers.
 * https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Sec-Fetch-Site
 */
export function browserSafety(publicUrl: URL): MiddlewareHandler {
  return async function browserSafety(c, next) {
    // No browser shall take a file of a package for a page of this site.
    c.header('X-Content-Type-Options', 'nosniff')
    const { method, url } = c.req
    const own = [publicUrl.origin, new URL(url).origin]
    if (
      !SAFE_METHODS.includes(method) &&
      isForeign(c.req.header('Sec-Fetch-Site'), c.req.header('Origin'), own)
    ) {
      return respondProblem(
        c,
        problem(
          'forbidden',
          'a page of another site asks for this: changes come from this site, or from programs',
        ),
      )
    }
    return next()
  }
}

function isForeign(site: string | undefined, origin: string | undefined, own: readonly string[]): boolean {
  if (site !== undefined) return site !== 'same-origin' && site !== 'none'
  return origin !== undefined && !own.includes(origin)
}
