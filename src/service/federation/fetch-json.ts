import type { IncomingMessage } from 'node:http'
import { AppError } from '../../core/errors.ts'
import { rangeOf } from '../../oci/remote/addresses.ts'
import { Connections, type Guard, type Proxies } from '../../oci/remote/connections.ts'

export type FetchOptions = {
  connections: Connections
  /** Certificates that the server is trusted by, as PEM; undefined for those of the system. */
  ca: string | undefined
  /** Milliseconds for the whole exchange. */
  timeout: number
}

const MAX_BYTES = 256 * 1024

/** Opens connections to public addresses, or also to private ones. Cloud metadata services are never asked. */
export function issuerConnections(internal: boolean, proxies: Proxies | undefined): Connections {
  const guard: Guard = (address, url) => {
    const range = rangeOf(address)
    if (range === 'public' || (internal && range !== 'never')) return undefined
    return `${url.host} leads to ${address}, from which the server does not fetch keys unless the issuer is internal`
  }
  return new Connections({ guard, proxies, keepAlive: false })
}

/** Fetches JSON over HTTPS, and follows no redirects. Throws `unavailable`. */
export async function fetchJson(url: URL, { connections, ca, timeout }: FetchOptions): Promise<unknown> {
  const signal = AbortSignal.timeout(timeout)
  try {
    if (url.protocol !== 'https:') throw new Error('it does not begin with https://')
    await connections.check(url)
    const bytes = await new Promise<Buffer>((resolve, reject) => {
      const headers = { Accept: 'application/json', 'Accept-Encoding': 'identity' }
      const request = connections.open(url, {
        method: 'GET',
        headers,
        signal,
        ...(ca !== undefined && { ca }),
      })
      request.once('response', (response) => received(response).then(resolve, reject))
      request.once('error', reject)
      request.end()
    })
    return JSON.parse(bytes.toString())
  } catch (cause) {
    const reason = signal.aborted ? `no answer within ${timeout / 1000} s` : reasonOf(cause)
    throw new AppError('unavailable', `cannot fetch ${url.href}: ${reason}`, { cause })
  }
}

async function received(response: IncomingMessage): Promise<Buffer> {
  try {
    if (response.statusCode !== 200) throw new Error(`the answer has the status ${response.statusCode}`)
    const chunks: Buffer[] = []
    let size = 0
    for await (const chunk of response as AsyncIterable<Buffer>) {
      size += chunk.byteLength
      if (size > MAX_BYTES) throw new Error(`the answer has more than ${MAX_BYTES} bytes`)
      chunks.push(chunk)
    }
    return Buffer.concat(chunks)
  } finally {
    response.destroy()
  }
}

function reasonOf(error: unknown): string {
  // Node tries each address of a host, and its AggregateError has no message of its own.
  if (error instanceof AggregateError) return error.errors.map(String).join('; ')
  return error instanceof Error ? error.message : String(error)
}
