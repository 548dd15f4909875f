/** Answers with streams, and the way past the streams of the web where there is a node server. */
import type { ServerResponse } from 'node:http'
import type { Context } from 'hono'
import type { Sendable } from '../core/sendable.ts'
import { ClientGoneError } from './request-body.ts'

const sendables = new WeakMap<Response, Sendable>()

/** An answer whose body is a stream. */
export function respondStream(c: Context, content: AsyncIterable<Uint8Array>): Response {
  const response = c.body(ReadableStream.from(content) as ReadableStream<Uint8Array>)
  if (isSendable(content)) sendables.set(response, content)
  return response
}

/** What there is to be sent directly, and not as the body of the answer. */
export function sendableOf(response: Response): Sendable | undefined {
  return sendables.get(response)
}

/** Sends the answer with that content. Throws where the content does, when the client has been cut off. */
export async function send(response: Response, content: Sendable, outgoing: ServerResponse): Promise<void> {
  // An answer that waits behind another one of its connection is not told that this is gone.
  const { socket } = outgoing.req
  let fail = (_error: Error): void => undefined
  const onClose = () => fail(new ClientGoneError('the connection is closed'))
  const write = (chunk: Uint8Array) =>
    new Promise<void>((resolve, reject) => {
      fail = reject
      if (socket.destroyed) onClose()
      else outgoing.write(chunk, (error) => (error ? reject(new ClientGoneError(error)) : resolve()))
    })
  socket.once('close', onClose)
  try {
    outgoing.writeHead(response.status, Object.fromEntries(response.headers))
    await content.send(write)
    outgoing.end()
  } catch (error) {
    outgoing.destroy()
    if (!(error instanceof ClientGoneError)) throw error
  } finally {
    socket.off('close', onClose)
  }
}

function isSendable(content: AsyncIterable<Uint8Array>): content is Sendable {
  return 'send' in content
}
