/** Asks a running server to work on its data, which no other process may touch. */
import { once } from 'node:events'
import { Agent, type IncomingMessage, request } from 'node:http'
import { json } from 'node:stream/consumers'
import { AppError } from '../core/errors.ts'
import { readAddress } from '../server/data-folder.ts'

/** Milliseconds; the server answers at once, or another program has its port. */
const TIMEOUT = 10_000

/** Finds the server that has a data folder, and no other. Throws `unavailable`. */
export async function findServer(data: string): Promise<URL> {
  const address = await readAddress(data)
  if (!address) {
    throw new AppError(
      'unavailable',
      `another pkgserver is using ${data}, and is not a running server: try again when it has started or ended`,
    )
  }
  const url = new URL(address.url)
  if ((await instanceAt(url)) === address.instance) return url
  throw new AppError(
    'unavailable',
    `a server is using ${data}, but it does not answer at ${url.host}: run this command on the same machine, or in the same container`,
  )
}

async function instanceAt(url: URL): Promise<string | null> {
  try {
    const response = await fetch(new URL('/healthz', url), { signal: AbortSignal.timeout(TIMEOUT) })
    await response.body?.cancel()
    return response.headers.get('Pkgserver-Instance')
  } catch {
    return null
  }
}

/** Returns the server's response, however long that takes, unlike `fetch`. Throws `unavailable`. */
export async function askServer(
  server: URL,
  path: string,
  body: object | undefined,
  method = 'POST',
): Promise<IncomingMessage> {
  const ended = (cause: unknown) =>
    new AppError('unavailable', `the server at ${server.host} ended before it answered`, { cause })
  const sent = request(new URL(`/api/v1${path}`, server), {
    method,
    headers: { 'Content-Type': 'application/json' },
    // Without a proxy, whatever the environment says.
    agent: new Agent(),
  })
  sent.end(body && JSON.stringify(body))
  const [response] = (await once(sent, 'response').catch((error) => {
    throw ended(error)
  })) as [IncomingMessage]
  const { statusCode = 0 } = response
  if (statusCode === 200) return response
  const answer = (await json(response).catch(() => ({}))) as { detail?: string }
  throw new AppError(
    'unavailable',
    `the request to the server at ${server.host} failed: ${answer.detail ?? statusCode}`,
  )
}
