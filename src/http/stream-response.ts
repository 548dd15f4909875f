/** Responses with streams, which bypass web streams on a Node server. */
import type { ServerResponse } from 'node:http'
import type { Context } from 'hono'
import type { Sendable } from '../core/sendable.ts'
import { ClientGoneError } from './request-body.ts'

const sendables = new WeakMap<Response, Sendable>()

/** A response whose body is a stream. */
export function respondStream(c: Context, content: AsyncIterable<Uint8Array>): Response {
  const response = c.body(ReadableStream.from(content) as ReadableStream<Uint8Array>)
  if (isSendable(content)) sendables.set(response, content)
  return response
}

/** The content to be sent with `send` in place of the body; undefined if there is none. */
export function sendableOf(response: Response): Sendable | undefined {
  return sendables.get(response)
}

/** Sends the response with this content. Throws what the content throws, after closing the connection. */
export async function send(response: Response, content: Sendable, outgoing: ServerResponse): Promise<void> {
  let fail = (_error: Error): void => undefined
  const onClose = () => fail(new ClientGoneError('the connection is closed'))
  const write = (chunk: Uint8Array) =>
    new Promise<void>((resolve, reject) => {
      fail = reject
      if (outgoing.destroyed) onClose()
      else outgoing.write(chunk, (error) => (error ? reject(new ClientGoneError(error)) : resolve()))
    })
  outgoing.once('close', onClose)
  try {
    outgoing.writeHead(response.status, Object.fromEntries(response.headers))
    await content.send(write)
    outgoing.end()
  } catch (error) {
    outgoing.destroy()
    if (!(error instanceof ClientGoneError)) throw error
  } finally {
    outgoing.off('close', onClose)
  }
}

function isSendable(content: AsyncIterable<Uint8Array>): content is Sendable {
  return 'send' in content
}
