/** The body of a request, and what it is said to be, for every surface that takes uploads. */
import { IncomingMessage } from 'node:http'
import type { Context } from 'hono'

/** The client has hung up before it had sent all: nobody's failure, and nobody is there to be told. */
export class ClientGoneError extends Error {
  constructor(cause: unknown) {
    super('the client hung up before it had sent the whole body', { cause })
    this.name = 'ClientGoneError'
  }
}

/** The answer that nobody reads; its status is for the log, the one that other servers use too. */
export function clientGoneResponse(): Response {
  return new Response(null, { status: 499 })
}

/** Throws `ClientGoneError` in mid-stream. */
export async function* requestBody(c: Context): AsyncGenerator<Uint8Array> {
  // Who reads no further still answers, and the server then sees to the rest.
  const body = incomingOf(c)?.iterator({ destroyOnReturn: false }) ?? webStreamOf(c)
  if (!body) return
  try {
    yield* body
  } catch (error) {
    throw new ClientGoneError(error)
  }
}

/** The same for who keeps nothing of a chunk when the next is asked for: its memory is free then. */
export async function* passingRequestBody(c: Context): AsyncGenerator<Uint8Array> {
  const incoming = incomingOf(c)
  for await (const chunk of requestBody(c)) {
    yield chunk
    if (incoming) free(chunk)
  }
}

/** Node's own stream where there is one: the web's costs several times as much. */
function incomingOf(c: Context): IncomingMessage | undefined {
  const incoming: unknown = c.env?.incoming
  // What somebody has sent in whole who is gone already is only in the other one.
  return incoming instanceof IncomingMessage && !incoming.destroyed ? incoming : undefined
}

function webStreamOf(c: Context): AsyncIterable<Uint8Array> | null {
  return c.req.raw.body as unknown as AsyncIterable<Uint8Array> | null
}

/** At once: V8 would let a hundred MiB of buffers come together before it collects them. */
function free({ buffer, byteLength }: Uint8Array): void {
  // What shares its memory with others is not ours to free.
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0)
}

/** The Content-Type without its parameters; undefined where there is none. */
export function mediaType(c: Context): string | undefined {
  return c.req.header('Content-Type')?.split(';')[0]?.trim().toLowerCase()
}
