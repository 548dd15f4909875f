/** One HTTP request and its answer: streams with back-pressure, time-outs, and failures in plain words. */
import { once } from 'node:events'
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { type Content, type Stream, streamOf } from '../content.ts'
import { OciError } from '../errors.ts'
import { connectionError, TransientError } from './transient-error.ts'

export type Method = 'GET' | 'HEAD' | 'PUT' | 'POST' | 'PATCH' | 'DELETE'

const PIECE = 64 * 1024

export type Outgoing = {
  method: Method
  url: URL
  headers: Record<string, string>
  body?: { content: Content; size: number } | undefined
}

/** In milliseconds. */
export type Timeouts = {
  /** From the end of a request to the head of its answer; a registry checks a large blob in that time. */
  answer: number
  /** Without a byte, in the middle of a body in either direction. */
  idle: number
}

export type Answer = {
  method: Method
  url: URL
  status: number
  headers: Headers
  /** Has to be read, or it holds its connection until the idle time-out. */
  body: Stream
}

export async function exchange(outgoing: Outgoing, timeouts: Timeouts): Promise<Answer> {
  const { method, url, headers, body } = outgoing
  const open = url.protocol === 'https:' ? httpsRequest : httpRequest
  const request = open(url, {
    method,
    headers: { ...headers, ...bodyLength(method, body?.size) },
  })
  const answered = answerOf(request, outgoing, timeouts)
  // Where the source of a body fails, that is the cause to tell, not the broken connection it leads to.
  const failed = send(request, body).catch((error) => {
    request.destroy()
    throw error
  })
  return Promise.race([answered, failed.then(() => answered)])
}

/** A request that changes something says how long it is also where it is empty: some registries insist. */
function bodyLength(method: Method, size: number | undefined): Record<string, string> {
  if (size !== undefined) return { 'Content-Length': String(size) }
  return method === 'GET' || method === 'HEAD' || method === 'DELETE' ? {} : { 'Content-Length': '0' }
}

async function answerOf(
  request: ClientRequest,
  { method, url }: Outgoing,
  timeouts: Timeouts,
): Promise<Answer> {
  const watch = watched(request, timeouts, () => lateError(method, url))
  const message = await new Promise<IncomingMessage>((resolve, reject) => {
    request.once('response', resolve)
    // Stays: a connection may fail again, and an error that nobody takes ends the process.
    request.on('error', (error) => reject(connectionError(error, method, url)))
  }).finally(() => clearInterval(watch))
  const headers = new Headers()
  for (const [name, values] of Object.entries(message.headersDistinct)) {
    for (const value of values ?? []) headers.append(name, value)
  }
  const body = guarded(message, request, { method, url, idle: timeouts.idle })
  return { method, url, status: message.statusCode ?? 0, headers, body }
}

/** Ends a request that gets no further, other than by waiting for the source of its body. */
function watched(request: ClientRequest, timeouts: Timeouts, late: () => Error): NodeJS.Timeout {
  let since = performance.now()
  let written = 0
  return setInterval(() => {
    const bytes = request.socket?.bytesWritten ?? 0
    const waitsForSource = !request.writableEnded && !request.writableNeedDrain
    if (bytes !== written || waitsForSource) since = performance.now()
    written = bytes
    const limit = request.writableFinished ? timeouts.answer : timeouts.idle
    if (performance.now() - since > limit) request.destroy(late())
  }, Math.min(timeouts.answer, timeouts.idle) / 4)
}

async function send(request: ClientRequest, body: Outgoing['body']): Promise<void> {
  // What is written behind an early answer is lost: the source is left where it is.
  let answered = false
  request.once('response', () => {
    answered = true
  })
  for await (const piece of body ? piecesOf(body.content) : []) {
    if (answered || request.destroyed) return
    if (!request.write(piece)) await drained(request)
  }
  request.end()
}

/** In pieces, so that it shows whether they flow. */
async function* piecesOf(content: Content): AsyncGenerator<Uint8Array> {
  for await (const chunk of streamOf(content)) {
    for (let at = 0; at < chunk.byteLength; at += PIECE) yield chunk.subarray(at, at + PIECE)
  }
}

async function drained(request: ClientRequest): Promise<void> {
  const settled = new AbortController()
  const { signal } = settled
  try {
    await Promise.race(['drain', 'close', 'response'].map((event) => once(request, event, { signal })))
  } catch {
    // The request's own error listener tells it.
  } finally {
    settled.abort()
  }
}

/** The body of an answer; a connection that breaks or stalls in it fails as `unavailable`. */
function guarded(
  message: IncomingMessage,
  request: ClientRequest,
  { method, url, idle }: { method: Method; url: URL; idle: number },
): Stream {
  const stall = () => setTimeout(() => message.destroy(lateError(method, url)), idle).unref()
  // Runs out where nobody ever reads.
  const unread = stall()
  message.once('close', () => clearTimeout(unread))
  // A failure before somebody reads is told to the one who does.
  message.on('error', () => undefined)
  return (async function* () {
    clearTimeout(unread)
    const chunks = message[Symbol.asyncIterator]()
    try {
      while (true) {
        const timer = stall()
        const next = await chunks.next().finally(() => clearTimeout(timer))
        if (next.done) return
        yield next.value
      }
    } catch (error) {
      throw error instanceof OciError ? error : connectionError(error, method, url)
    } finally {
      // Not read to its end, or answered before the request was: the connection cannot be used again.
      if (!message.complete || !request.writableFinished) request.destroy()
    }
  })()
}

function lateError(method: Method, url: URL): TransientError {
  return new TransientError(`${method} ${shown(url)}: the registry at ${url.host} takes too long`)
}

/** A URL as messages may have it: what is behind the path can be a secret, as in the state of an upload. */
export function shown(url: URL): string {
  return url.origin + url.pathname
}
