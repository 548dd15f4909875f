import type { Context, MiddlewareHandler } from 'hono'
import { AppError } from '../core/errors.ts'

export const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS']

const REFUSAL =
  'a page of another site asks for this: changes come from pages of this site, or from programs. If it is a page of this site, --public-url has to say where browsers reach it.'

/**
 * Prevents cross-site request forgery: an approval has no body, so a browser would send it for any page without a
 * preflight. Programs send neither of the headers.
 * https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Sec-Fetch-Site
 */
export function browserSafety(publicUrl: URL): MiddlewareHandler {
  return function browserSafety(c, next) {
    // A browser must not render a file of a package as a page of this site.
    c.header('X-Content-Type-Options', 'nosniff')
    if (SAFE_METHODS.includes(c.req.method) || isOwnPage(c, publicUrl)) return next()
    throw new AppError('forbidden', REFUSAL)
  }
}

/** Returns true for a request of a page of this site, and for one that comes from no page at all. */
function isOwnPage(c: Context, publicUrl: URL): boolean {
  const site = c.req.header('Sec-Fetch-Site')
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return false
  const origin = c.req.header('Origin')
  if (site === undefined && origin === undefined) return true
  const called = new URL(c.req.url)
  const page = origin === undefined ? called : URL.canParse(origin) ? new URL(origin) : undefined
  if (page === undefined) return false
  // The server has been called by a name of its own: `known-hosts.ts`.
  return page.host === publicUrl.host || page.host === called.host
}
