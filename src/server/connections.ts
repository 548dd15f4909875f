/** Keeps one client from taking all that the server has: connections, and requests that wait in them. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { BlockList, isIPv6, type Socket } from 'node:net'
import { contains, plainAddress } from '../http/client-address.ts'

export type ConnectionLimits = {
  /** Connections in all. */
  all: number
  /** Connections of one client; trusted proxies have those of many. */
  client: number
  /** Requests that wait for the answer to an earlier one of their connection. One connection has up to 2500 of them. */
  waiting: number
}

/** More than the watches that there can be (`service/watch`). */
export const CONNECTION_LIMITS: ConnectionLimits = {
  all: 10_000,
  client: 2500,
  waiting: 10_000,
}

const FULL =
  'HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 5\r\nContent-Length: 0\r\n\r\n'

/** Refuses connections beyond the limits. */
export function limitConnections(
  server: Server,
  trusted: BlockList = new BlockList(),
  { all, client }: ConnectionLimits = CONNECTION_LIMITS,
): void {
  server.maxConnections = all
  const connections = new Map<string, number>()
  server.prependListener('connection', (socket: Socket) => {
    const address = plainAddress(socket.remoteAddress)
    if (address === undefined || contains(trusted, address)) return
    const key = clientOf(address)
    const count = (connections.get(key) ?? 0) + 1
    if (count > client) {
      socket.end(FULL)
      socket.destroySoon()
      return
    }
    connections.set(key, count)
    socket.once('close', () => {
      const left = (connections.get(key) ?? 1) - 1
      if (left > 0) connections.set(key, left)
      else connections.delete(key)
    })
  })
}

/** A client with IPv6 has a network of 64 bits to itself. */
function clientOf(address: string): string {
  if (!isIPv6(address)) return address
  const [start = '', end] = address.split('::')
  const groups = start.split(':')
  if (end !== undefined) {
    const after = end === '' ? [] : end.split(':')
    groups.push(...Array(8 - groups.length - after.length).fill('0'), ...after)
  }
  return groups.slice(0, 4).join(':')
}

/**
 * Returns a function that waits until the requests before this one in its connection (HTTP pipelining) have their
 * answers, so that a connection has one request in work, and one answer in memory.
 */
export function turns({ waiting: most }: ConnectionLimits = CONNECTION_LIMITS) {
  const inOne = new WeakMap<Socket, number>()
  let waiting = 0
  return function turn(request: IncomingMessage, response: ServerResponse): Promise<void> | undefined {
    // Node gives a response its socket when its turn to be sent has come.
    if (response.socket !== null) return undefined
    const { socket } = request
    const count = (change: 1 | -1): number => {
      waiting += change
      const own = (inOne.get(socket) ?? 0) + change
      inOne.set(socket, own)
      return own
    }
    if (!inOne.has(socket)) holdBack(socket, () => (inOne.get(socket) ?? 0) > 0)
    count(1)
    if (waiting > most) socket.destroy()
    socket.pause()
    return new Promise((resolve) => {
      const onClose = () => count(-1)
      // A waiting response has no events when its connection closes; its request has.
      request.once('close', onClose)
      response.once('socket', () => {
        request.off('close', onClose)
        if (count(-1) === 0) socket.resume()
        resolve()
      })
    })
  }
}

/** Reads no further requests while some wait: Node goes on reading as soon as it has handled one. */
function holdBack(socket: Socket, isWaiting: () => boolean): void {
  socket.on('resume', () => {
    if (isWaiting()) socket.pause()
  })
}
