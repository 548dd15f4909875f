import type { BlockList } from 'node:net'
import type { MiddlewareHandler } from 'hono'
import { forClient } from '../core/client.ts'
import { clientAddress, networkOf } from './client-address.ts'

/** Tells the client to what its request leads to. */
export function clientOfRequest(trustedProxies: BlockList): MiddlewareHandler {
  return function clientOfRequest(c, next) {
    return forClient(networkOf(clientAddress(c, trustedProxies) ?? ''), next)
  }
}
