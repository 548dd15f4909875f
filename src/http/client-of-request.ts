import type { BlockList } from 'node:net'
import type { MiddlewareHandler } from 'hono'
import { forClient } from '../core/client.ts'
import { clientAddress, networkOf } from './client-address.ts'

declare module 'hono' {
  interface ContextVariableMap {
    /** Undefined without a socket. */
    clientAddress: string | undefined
  }
}

/** Tells the client to what its request leads to. */
export function clientOfRequest(trustedProxies: BlockList): MiddlewareHandler {
  return function clientOfRequest(c, next) {
    const address = clientAddress(c, trustedProxies)
    c.set('clientAddress', address)
    return forClient(networkOf(address ?? ''), next)
  }
}
