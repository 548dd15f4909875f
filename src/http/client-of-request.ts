import type { BlockList } from 'node:net'
import type { MiddlewareHandler } from 'hono'
import { forClient } from '../core/client.ts'
import { clientAddress } from './client-address.ts'

/** Tells the client's address to what its request leads to. */
export function clientOfRequest(trustedProxies: BlockList): MiddlewareHandler {
  return (c, next) => forClient(clientAddress(c, trustedProxies) ?? 'unknown', next)
}
