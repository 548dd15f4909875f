/** Bodies of requests as streams. */
import { IncomingMessage } from 'node:http'
import type { Context } from 'hono'
import { free } from '../core/growing-buffer.ts'

/** The client has disconnected: no failure of the server, and there is no client to respond to. */
export class ClientGoneError extends Error {
  constructor(cause: unknown) {
    super('the client disconnected before the end of the request or the response', { cause })
    this.name = 'ClientGoneError'
  }
}

/** A response for the log only, with the status that other servers use too. */
export function clientGoneResponse(): Response {
  return new Response(null, { status: 499 })
}

/** Throws `ClientGoneError` in mid-stream. */
export async function* requestBody(c: Context): AsyncGenerator<Uint8Array> {
  // A handler that stops reading still responds; the server then discards the rest.
  const body = incomingOf(c)?.iterator({ destroyOnReturn: false }) ?? webStreamOf(c)
  if (!body) return
  try {
    yield* body
  } catch (error) {
    throw new ClientGoneError(error)
  }
}

/** `requestBody` for a consumer that keeps no chunk after it has asked for the next: frees the memory of each. */
export async function* passingRequestBody(c: Context): AsyncGenerator<Uint8Array> {
  const incoming = incomingOf(c)
  for await (const chunk of requestBody(c)) {
    yield chunk
    if (incoming) free(chunk)
  }
}

/** Whether the client sends a body. Looking at the web stream would make it collect a copy of all that is received. */
export function hasBody(c: Context): boolean {
  const incoming = incomingOf(c)
  if (!incoming) return webStreamOf(c) !== null
  const { method, headers } = incoming
  if (method === 'GET' || method === 'HEAD') return false
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

/** The stream of Node if there is one: a web stream costs several times as much. */
function incomingOf(c: Context): IncomingMessage | undefined {
  const incoming: unknown = c.env?.incoming
  // If the client has disconnected, only the web stream holds its body.
  return incoming instanceof IncomingMessage && !incoming.destroyed ? incoming : undefined
}

function webStreamOf(c: Context): AsyncIterable<Uint8Array> | null {
  return c.req.raw.body as unknown as AsyncIterable<Uint8Array> | null
}

/** The Content-Type without its parameters; undefined if there is none. */
export function mediaType(c: Context): string | undefined {
  return c.req.header('Content-Type')?.split(';')[0]?.trim().toLowerCase()
}
