/** Keeps one client from taking all that the server has: connections, and requests that wait in them. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { BlockList, type Socket } from 'node:net'
import { Tally } from '../core/tally.ts'
import { contains, networkOf, plainAddress } from '../http/client-address.ts'

export type ConnectionLimits = {
  /** Connections in all. */
  all: number
  /** Connections of one client; trusted proxies have those of many. */
  client: number
  /**
   * Requests that wait for the answer to an earlier one of their connection; large ones count as several. One connection
   * has up to 2500 of them.
   */
  waiting: number
}

/** More than the watches that there can be (`service/watch`). */
export const CONNECTION_LIMITS: ConnectionLimits = {
  all: 10_000,
  client: 2500,
  waiting: 10_000,
}

/** The memory of each name and value beside its characters, in bytes. */
const HEADER_OVERHEAD = 64

const FULL =
  'HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 5\r\nContent-Length: 0\r\n\r\n'

/** Refuses connections beyond the limits. */
export function limitConnections(
  server: Server,
  trusted: BlockList = new BlockList(),
  { all, client }: ConnectionLimits = CONNECTION_LIMITS,
): void {
  server.maxConnections = all
  const connections = new Tally()
  server.prependListener('connection', (socket: Socket) => {
    const address = plainAddress(socket.remoteAddress)
    if (address === undefined || contains(trusted, address)) return
    const key = networkOf(address)
    if (connections.of(key) >= client) {
      socket.end(FULL)
      socket.destroySoon()
      return
    }
    connections.add(key, 1)
    socket.once('close', () => connections.add(key, -1))
  })
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
    const count = (change: number): number => {
      waiting += change
      const own = (inOne.get(socket) ?? 0) + change
      inOne.set(socket, own)
      return own
    }
    const weight = weightOf(request)
    if (!inOne.has(socket)) holdBack(socket, () => (inOne.get(socket) ?? 0) > 0)
    count(weight)
    if (waiting > most) socket.destroy()
    socket.pause()
    return new Promise((resolve) => {
      const onClose = () => count(-weight)
      // A waiting response has no events when its connection closes; its request has.
      request.once('close', onClose)
      response.once('socket', () => {
        request.off('close', onClose)
        if (count(-weight) === 0) socket.resume()
        resolve()
      })
    })
  }
}

/** One for each KiB that the headers take in memory. */
function weightOf({ rawHeaders }: IncomingMessage): number {
  const bytes = rawHeaders.reduce((sum, text) => sum + text.length + HEADER_OVERHEAD, 0)
  return Math.ceil(bytes / 1024)
}

/** Reads no further requests while some wait: Node goes on reading as soon as it has handled one. */
function holdBack(socket: Socket, isWaiting: () => boolean): void {
  socket.on('resume', () => {
    if (isWaiting()) socket.pause()
  })
}
