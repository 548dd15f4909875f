import type { BlockList } from 'node:net'
import type { MiddlewareHandler } from 'hono'
import { forClient } from '../core/client.ts'
import { clientAddress } from './client-address.ts'

/** Tells the client's address to what its request leads to. */
export function clientOfRequest(trustedProxies: BlockList): MiddlewareHandler {
  return function clientOfRequest(c, next) {
    return forClient(clientAddress(c, trustedProxies) ?? 'unknown', next)
  }
}
