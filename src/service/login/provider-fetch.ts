import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { CustomFetch } from 'openid-client'
import { GrowingBuffer } from '../../core/growing-buffer.ts'
import type { Connections } from '../../oci/remote/connections.ts'

/** Far more than any provider sends. */
const MAX_ANSWER = 1024 * 1024
/** The size to begin with. */
const USUAL_ANSWER = 16 * 1024

/** Requests to an identity provider: through the proxies of the settings, and with answers of limited size. */
export function providerFetch(connections: Connections): CustomFetch {
  return async (text, { method, headers, body, signal }) => {
    const url = new URL(text)
    await connections.check(url)
    const request = connections.open(url, { method, headers, ...(signal && { signal }) })
    request.end(typeof body === 'string' || body instanceof Uint8Array ? body : (body?.toString() ?? ''))
    const [answer] = (await once(request, 'response', signal && { signal })) as [IncomingMessage]
    const received = new GrowingBuffer(USUAL_ANSWER, MAX_ANSWER)
    for await (const chunk of answer) {
      if (received.add(chunk)) continue
      answer.destroy()
      throw new Error(`the identity provider answers with more than ${MAX_ANSWER} bytes`)
    }
    const status = answer.statusCode ?? 0
    const isEmpty = [204, 205, 304].includes(status)
    return new Response(isEmpty ? null : received.bytes, { status, headers: headersOf(answer) })
  }
}

function headersOf({ headersDistinct }: IncomingMessage): Headers {
  const headers = new Headers()
  for (const [name, values = []] of Object.entries(headersDistinct)) {
    for (const value of values) headers.append(name, value)
  }
  return headers
}
