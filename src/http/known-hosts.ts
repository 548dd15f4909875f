/**
 * Refuses requests to a name that the server does not have. A page of another site can make its own name resolve to this
 * server (DNS rebinding): to the browser, the server is then part of that site, which may read everything.
 */
import { isIP } from 'node:net'
import type { MiddlewareHandler } from 'hono'
import { AppError } from '../core/errors.ts'

/** Names that cannot be registered in public: short names, and those kept for machines, networks and clusters. */
const PRIVATE = /^(?:[^.]+|.+\.(?:localhost|internal|svc|cluster\.local))$/

export function isPrivateName(name: string): boolean {
  return PRIVATE.test(name)
}

/** `known`: host names, with a port or without, or `*` for any. */
export function knownHosts(known: readonly string[]): MiddlewareHandler {
  const names = new Set(known)
  return function knownHosts(c, next) {
    const { host, hostname } = new URL(c.req.url)
    const name = hostname.replace(/\.$/, '')
    const isAddress = isIP(name.replace(/^\[|\]$/g, '')) !== 0
    if (isAddress || isPrivateName(name) || names.has(name) || names.has(host) || names.has('*'))
      return next()
    throw new AppError(
      'forbidden',
      `the server does not know that it is called ${name.slice(0, 253)}: start it with that name in --public-url or in --hosts (PKGSERVER_HOSTS)`,
    )
  }
}
