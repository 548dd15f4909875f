import { isIP } from 'node:net'
import type { Context, MiddlewareHandler } from 'hono'
import { problem, respondProblem } from '../api/rest/problem.ts'

const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS']

const REFUSAL =
  'a page of another site asks for this: changes come from pages of this site, or from programs. If it is a page of this site, --public-url has to say where browsers reach it.'

/**
 * Lets no page of another site make changes through the browser of somebody who can reach this server: an approval
 * has no body, so a browser would send it from anywhere without asking. Programs send neither of the headers.
 * https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Sec-Fetch-Site
 */
export function browserSafety(publicUrl: URL): MiddlewareHandler {
  return async function browserSafety(c, next) {
    // No browser shall take a file of a package for a page of this site.
    c.header('X-Content-Type-Options', 'nosniff')
    if (SAFE_METHODS.includes(c.req.method) || isOwnPage(c, publicUrl)) return next()
    return respondProblem(c, problem('forbidden', REFUSAL))
  }
}

/** Whether it is a page of this site, or no page at all, that asks. */
function isOwnPage(c: Context, publicUrl: URL): boolean {
  const site = c.req.header('Sec-Fetch-Site')
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return false
  const origin = c.req.header('Origin')
  if (site === undefined && origin === undefined) return true
  const called = new URL(c.req.url)
  const page = origin === undefined ? called : URL.canParse(origin) ? new URL(origin) : undefined
  if (page === undefined) return false
  // To the browser, a name of somebody else's that leads here is one site with the page that came from there.
  return page.host === publicUrl.host || (page.host === called.host && isLocal(called.hostname))
}

/** Names that nobody else can have: this machine, and addresses. */
function isLocal(hostname: string): boolean {
  return hostname === 'localhost' || isIP(hostname.replace(/^\[|\]$/g, '')) !== 0
}
