import type { BlockList } from 'node:net'
import type { MiddlewareHandler } from 'hono'
import { forClient } from '../core/client.ts'
import { withOrigin } from '../core/origin.ts'
import { clientAddress, networkOf } from './client-address.ts'

declare module 'hono' {
  interface ContextVariableMap {
    /** Undefined without a socket. */
    clientAddress: string | undefined
  }
}

/** Makes client and origin known to what the request leads to. */
export function clientOfRequest(trustedProxies: BlockList): MiddlewareHandler {
  return function clientOfRequest(c, next) {
    const address = clientAddress(c, trustedProxies)
    c.set('clientAddress', address)
    const request = { id: c.get('requestId'), method: c.req.method, route: null }
    const origin = { address: address ?? null, userAgent: c.req.header('User-Agent') ?? null, request }
    return withOrigin(origin, () => forClient(networkOf(address ?? ''), next))
  }
}
