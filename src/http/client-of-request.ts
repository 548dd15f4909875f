import { IncomingMessage } from 'node:http'
import type { MiddlewareHandler } from 'hono'
import { forClient } from '../core/client.ts'

/** Tells the client's address to what its request leads to. */
export const clientOfRequest: MiddlewareHandler = (c, next) => {
  const incoming: unknown = c.env?.incoming
  const address = incoming instanceof IncomingMessage ? incoming.socket.remoteAddress : undefined
  return forClient(address ?? 'unknown', next)
}
