/** Requests to a server on a socket. */
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { Readable } from 'node:stream'

/** Returns `fetch` for paths below a URL. */
export function sender(base: URL): (path: string, init?: RequestInit) => Promise<Response> {
  return (path, init) => (init?.signal ? stream : fetch)(new URL(path, base), init)
}

/**
 * A GET that may be aborted, on a connection of its own. After an abort, `fetch` opens another connection before there
 * is a request for it, and a server that stops waits for that request.
 */
async function stream(url: URL, { headers = {}, signal }: RequestInit = {}): Promise<Response> {
  const sent = request(url, {
    headers: headers as Record<string, string>,
    agent: false,
    ...(signal && { signal }),
  })
  sent.on('error', () => undefined).end()
  const [incoming] = (await once(sent, 'response')) as [IncomingMessage]
  return new Response(Readable.toWeb(incoming) as ReadableStream, {
    status: incoming.statusCode ?? 0,
    headers: incoming.headers as Record<string, string>,
  })
}
