/** Performs one HTTP request on node:http, with streaming in both directions, backpressure and timeouts. */
import { once } from 'node:events'
import type { ClientRequest, IncomingMessage } from 'node:http'
import { type Content, type Stream, streamOf } from '../content.ts'
import { OciError } from '../errors.ts'
import type { Connections } from './connections.ts'
import { connectionError, TransientError } from './transient-error.ts'

export type Method = 'GET' | 'HEAD' | 'PUT' | 'POST' | 'PATCH' | 'DELETE'

/** Small enough that each write shows progress to the idle timeout. */
const WRITE_SIZE = 64 * 1024

export type HttpRequest = {
  method: Method
  url: URL
  headers: Record<string, string>
  body?: { content: Content; size: number } | undefined
}

/** Milliseconds. */
export type Timeouts = {
  /** From the end of the request to the headers of its response, while a registry may verify a large blob. */
  response: number
  /** Without progress, in the middle of a body in either direction. */
  idle: number
  /** For the whole body of a manifest, list, token or error, however slowly it arrives. */
  document: number
}

type RequestLine = Pick<HttpRequest, 'method' | 'url'>

export type HttpResponse = RequestLine & {
  status: number
  headers: Headers
  timeouts: Timeouts
  /** Must be read, or it holds its connection until the idle timeout. */
  body: Stream
}

/** Sends the request and returns the response, whatever its status. Throws `unavailable`. */
export async function exchange(
  { method, url, headers, body }: HttpRequest,
  { timeouts, connections }: { timeouts: Timeouts; connections: Connections },
): Promise<HttpResponse> {
  await connections.check(url)
  const request = connections.open(url, {
    method,
    headers: { ...headers, ...bodyLength(method, body?.size) },
  })
  const responded = responseTo(request, { method, url }, timeouts)
  // If the source of the body fails, that is the error to report, not the aborted connection.
  const failed = send(request, body).catch((error) => {
    request.destroy()
    throw error
  })
  return Promise.race([responded, failed.then(() => responded)])
}

/** Some registries require Content-Length on writes, even for an empty body. */
function bodyLength(method: Method, size: number | undefined): Record<string, string> {
  if (size !== undefined) return { 'Content-Length': String(size) }
  return method === 'GET' || method === 'HEAD' || method === 'DELETE' ? {} : { 'Content-Length': '0' }
}

async function responseTo(
  request: ClientRequest,
  line: RequestLine,
  timeouts: Timeouts,
): Promise<HttpResponse> {
  const watchdog = watchProgress(request, timeouts, line)
  const message = await new Promise<IncomingMessage>((resolve, reject) => {
    request.once('response', resolve)
    // Stays registered: the connection may fail again later, and an unhandled error would end the process.
    request.on('error', (error) => reject(connectionError(error, line.method, line.url)))
  }).finally(() => clearInterval(watchdog))
  const headers = new Headers()
  for (const [name, values] of Object.entries(message.headersDistinct)) {
    for (const value of values ?? []) headers.append(name, value)
  }
  const body = bodyOf(message, request, line, timeouts.idle)
  return { ...line, status: message.statusCode ?? 0, headers, timeouts, body }
}

/** Aborts a stalled request, unless it is waiting for the source of its own body. */
function watchProgress(request: ClientRequest, timeouts: Timeouts, line: RequestLine): NodeJS.Timeout {
  let since = performance.now()
  let written = 0
  return setInterval(() => {
    const bytes = request.socket?.bytesWritten ?? 0
    const waitsForSource = !request.writableEnded && !request.writableNeedDrain
    if (bytes !== written || waitsForSource) since = performance.now()
    written = bytes
    const limit = request.writableFinished ? timeouts.response : timeouts.idle
    if (performance.now() - since > limit) request.destroy(timeoutError(line))
  }, Math.min(timeouts.response, timeouts.idle) / 4)
}

async function send(request: ClientRequest, body: HttpRequest['body']): Promise<void> {
  // After an early response the server ignores the rest of the body, so it is not read from its source.
  let answered = false
  request.once('response', () => {
    answered = true
  })
  for await (const piece of body ? split(body.content) : []) {
    if (answered || request.destroyed) return
    if (!request.write(piece)) await drained(request)
  }
  request.end()
}

async function* split(content: Content): AsyncGenerator<Uint8Array> {
  for await (const chunk of streamOf(content)) {
    for (let at = 0; at < chunk.byteLength; at += WRITE_SIZE) yield chunk.subarray(at, at + WRITE_SIZE)
  }
}

async function drained(request: ClientRequest): Promise<void> {
  const settled = new AbortController()
  const { signal } = settled
  try {
    await Promise.race(['drain', 'close', 'response'].map((event) => once(request, event, { signal })))
  } catch {
    // The error listener of the request reports it.
  } finally {
    settled.abort()
  }
}

/** Streams the body of a response. A connection that breaks or stalls fails the stream with `unavailable`. */
function bodyOf(message: IncomingMessage, request: ClientRequest, line: RequestLine, idle: number): Stream {
  const startTimer = () => setTimeout(() => message.destroy(timeoutError(line)), idle).unref()
  // Closes the connection of a body that is never read.
  const unread = startTimer()
  message.once('close', () => clearTimeout(unread))
  // A failure before the first read reaches the reader later; unhandled, it would end the process.
  message.on('error', () => undefined)
  return (async function* () {
    clearTimeout(unread)
    const chunks = message[Symbol.asyncIterator]()
    try {
      while (true) {
        const timer = startTimer()
        const next = await chunks.next().finally(() => clearTimeout(timer))
        if (next.done) return
        yield next.value
      }
    } catch (error) {
      throw error instanceof OciError ? error : connectionError(error, line.method, line.url)
    } finally {
      // The connection cannot be reused if either the response or the request is incomplete.
      if (!message.complete || !request.writableFinished) request.destroy()
    }
  })()
}

function timeoutError({ method, url }: RequestLine): TransientError {
  return new TransientError(`${method} ${redacted(url)}: ${url.host} timed out`)
}

/** Returns the URL without its query, which may hold a secret such as the state of an upload. */
export function redacted(url: URL): string {
  return url.origin + url.pathname
}
