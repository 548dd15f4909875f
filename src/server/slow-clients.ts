/** Cuts off clients that send or read too slowly. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { cutOff } from './cut-off.ts'

export type Pace = {
  /** The least that a client must send or read while the server waits for it, in bytes a second. */
  rate: number
  /** The milliseconds over which it is measured. */
  window: number
}

/** A tenth of a dial-up line: large blobs may take hours, but arrive. */
export const PACE: Pace = { rate: 512, window: 20_000 }

/** A window this many times too long means that the server was busy. */
const BUSY = 1.25

type Exchange = { request: IncomingMessage; response: ServerResponse }
type Seen = { received: number; sent: number; waitedFor: 'body' | 'reader' | undefined }

/** Checks each exchange in flight once per window. Returns the function that stops it. */
export function cutOffSlowClients(server: Server, { rate, window }: Pace = PACE): () => void {
  const exchanges = new Map<Exchange, Seen>()
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const exchange = { request, response }
    exchanges.set(exchange, seenNow(exchange))
    response.once('close', () => exchanges.delete(exchange))
  })
  const least = (rate * window) / 1000
  let lookedAt = performance.now()
  const timer = setInterval(() => {
    const now = performance.now()
    // A busy server has not read what clients sent meanwhile.
    const wasBusy = now - lookedAt > window * BUSY
    lookedAt = now
    if (!wasBusy) setImmediate(look)
  }, window)
  timer.unref()
  return () => clearInterval(timer)

  function look(): void {
    for (const [exchange, before] of exchanges) {
      const now = seenNow(exchange)
      exchanges.set(exchange, now)
      // The server must have waited for the same reason over the whole window.
      if (now.waitedFor === undefined || now.waitedFor !== before.waitedFor) continue
      const moved = now.waitedFor === 'body' ? now.received - before.received : now.sent - before.sent
      if (moved < least) cutOff(exchange.request, exchange.response, '408 Request Timeout')
    }
  }
}

function seenNow({ request, response }: Exchange): Seen {
  const { socket } = request
  return { received: socket.bytesRead, sent: sentBy(socket), waitedFor: waitedFor(request, response) }
}

/** Bytes that were sent, without those that wait for the client to read. */
function sentBy(socket: Socket): number {
  return socket.bytesWritten - socket.writableLength
}

function waitedFor(request: IncomingMessage, response: ServerResponse): Seen['waitedFor'] {
  // A pipelined request waits for its turn.
  if (response.socket === null) return undefined
  if (request.socket.writableLength > 0) return 'reader'
  // With unread bytes it is the server that is slow.
  const hungry = !request.complete && request.readableLength === 0
  return hungry && !response.writableEnded ? 'body' : undefined
}
