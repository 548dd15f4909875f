import { createHmac } from 'node:crypto'
import type { Connections } from '../../oci/remote/connections.ts'
import { parseRetryAfter } from '../../oci/remote/retry.ts'

export type Outcome =
  | {
      statusCode: number
      /** Milliseconds that the receiver asks to wait. */
      retryAfter?: number | undefined
    }
  /** Why there was no response. */
  | { error: string }

export type Message = {
  url: string
  secret: string
  headers: Readonly<Record<string, string>>
  body: string
}

export type PostOptions = {
  connections: Connections
  /** Milliseconds for the whole exchange. */
  timeout: number
  signal: AbortSignal
}

/** Responses are not used, so larger ones are cut off. */
const MAX_ANSWER_BYTES = 64 * 1024
const MAX_ERROR = 300

/** Returns the signature in the format of GitHub, which the `generic-hmac` receivers of Flux expect in X-Signature. */
export function signature(secret: string, body: string): string {
  return `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`
}

/** Sends a signed body once. Redirects are not followed. Never throws. */
export async function post(
  message: Message,
  { connections, timeout, signal }: PostOptions,
): Promise<Outcome> {
  const url = new URL(message.url)
  const signed = signature(message.secret, message.body)
  const headers = {
    ...message.headers,
    'Content-Type': 'application/json',
    'Content-Length': String(Buffer.byteLength(message.body)),
    'X-Signature': signed,
    'X-Pkgserver-Signature': signed,
  }
  const over = AbortSignal.any([signal, AbortSignal.timeout(timeout)])
  try {
    await connections.check(url)
  } catch (error) {
    return { error: shortened(error as Error) }
  }
  return new Promise((resolve) => {
    const fail = (error: Error) =>
      resolve({
        error: over.aborted ? `no answer within ${timeout / 1000} s` : shortened(error),
      })
    const request = connections.open(url, { method: 'POST', headers, signal: over })
    request.once('response', (response) => {
      const { statusCode = 0, headers: answered } = response
      const retryAfter = parseRetryAfter(answered['retry-after'] ?? null, Date.now())
      const done = () => resolve({ statusCode, retryAfter })
      let bytes = 0
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.byteLength
        if (bytes <= MAX_ANSWER_BYTES) return
        done()
        response.destroy()
      })
      response.once('end', done)
      response.once('error', fail)
      response.once('close', () => fail(new Error('the answer was cut off')))
    })
    request.once('error', fail)
    request.end(message.body)
  })
}

function shortened(error: Error): string {
  // Node tries each address of a host, and its AggregateError has no message of its own.
  const text = error instanceof AggregateError ? error.errors.map(String).join('; ') : error.message
  return text.slice(0, MAX_ERROR).toWellFormed()
}
