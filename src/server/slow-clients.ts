/** Cuts off clients that send or read so slowly that they do not mean it, or cannot be waited for. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

export type Pace = {
  /** The least that a client sends or reads while the server waits for it, in bytes a second. */
  rate: number
  /** Measured over so many milliseconds. */
  window: number
}

/** A tenth of what a telephone line of old could do: large blobs may take hours, but come. */
export const PACE: Pace = { rate: 512, window: 20_000 }

/** So many times its length has a window that is late. */
const BUSY = 1.25

type Exchange = { request: IncomingMessage; response: ServerResponse }
type Seen = { received: number; sent: number; waitedFor: 'body' | 'reader' | undefined }

/** Looks at each exchange that is under way once in a window. Returns how to stop that. */
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
    // A server that was busy itself has not read what clients have sent meanwhile.
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
      // Who has begun within the window, or was not waited for all the time, has the next one.
      if (now.waitedFor === undefined || now.waitedFor !== before.waitedFor) continue
      const moved = now.waitedFor === 'body' ? now.received - before.received : now.sent - before.sent
      if (moved < least) cutOff(exchange)
    }
  }
}

function seenNow({ request, response }: Exchange): Seen {
  const { socket } = request
  return { received: socket.bytesRead, sent: sentBy(socket), waitedFor: waitedFor(request, response) }
}

/** Without what waits for the client to read on. */
function sentBy(socket: Socket): number {
  return socket.bytesWritten - socket.writableLength
}

function waitedFor(request: IncomingMessage, response: ServerResponse): Seen['waitedFor'] {
  if (request.socket.writableLength > 0) return 'reader'
  // With bytes that nobody has taken yet it is the server that is slow.
  const hungry = !request.complete && request.readableLength === 0
  return hungry && !response.writableEnded ? 'body' : undefined
}

function cutOff({ request, response }: Exchange): void {
  const { socket } = request
  if (!response.headersSent && socket.writable) {
    socket.write('HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
  }
  socket.destroy()
}
