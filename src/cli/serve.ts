import { once } from 'node:events'
import type { Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import type { Config } from '../config.ts'
import { send, sendableOf } from '../sendable.ts'

type Fetch = Parameters<typeof createAdaptorServer>[0]['fetch']

/** The opened application; it is told its URL as soon as there is one. */
export type Application = {
  mount: (publicUrl: URL) => Promise<Fetch>
  /** Ends the answers that would go on for long. */
  drain: () => void
  /** Is told of what goes wrong when the head of an answer is sent already. */
  report: (error: unknown) => void
  close: () => Promise<void>
}

export type RunningServer = {
  /** Where clients reach it. */
  url: URL
  /** Where it listens. */
  port: number
  close: () => Promise<void>
}

/** Large blobs on slow lines take their time; a client that sends nothing at all is cut off by the headers' limit. */
const REQUEST_TIMEOUT = 60 * 60 * 1000
/** Longer than the intervals of load balancers, so that it is they who close. */
const KEEP_ALIVE_TIMEOUT = 75_000
/** How long requests that are under way may take to end when the server stops. */
const DRAIN_TIMEOUT = 10_000
const SWEEP_INTERVAL = 50

/** Listens, and serves until it is closed. */
export async function serve(
  config: Pick<Config, 'listen' | 'publicUrl'>,
  application: Application,
): Promise<RunningServer> {
  const { report } = application
  let fetch: Fetch | undefined
  const server = createAdaptorServer({
    fetch: (request, env) => (fetch ? answer({ fetch, report }, request, env) : starting()),
    serverOptions: { requestTimeout: REQUEST_TIMEOUT, keepAliveTimeout: KEEP_ALIVE_TIMEOUT },
  }) as Server
  try {
    server.listen(config.listen.port, config.listen.host)
    await once(server, 'listening')
    const address = server.address() as AddressInfo
    const url = config.publicUrl ?? urlOf(address)
    fetch = await application.mount(url)
    return { url, port: address.port, close: () => close(server, application) }
  } catch (error) {
    await application.close()
    throw error
  }
}

/** What a newcomer wants to know of a server that has just started. `registry`: where artifacts are kept, if not here. */
export function greeting(url: URL, version: string, data: string, registry?: string): string {
  const base = url.origin
  return `pkgserver ${version}
  API            ${base}/api/v1
  documentation  ${base}/docs
  registry       ${registry ?? `${url.host} (${base}/v2/)`}
  data           ${data}

Try it:
  curl ${base}/api/v1/repositories -H 'Content-Type: application/json' -d '{"name": "blueprints", "type": "catalog"}'
  curl ${base}/api/v1/packagerevisions -H 'Content-Type: application/json' -d '{"repository": "blueprints", "package": "hello", "workspace": "first", "source": {"init": {}}}'
  curl ${base}/api/v1/packagerevisions/blueprints.hello.first/resources
`
}

function urlOf({ address, family, port }: AddressInfo): URL {
  const local = ['127.0.0.1', '::1', '0.0.0.0', '::'].includes(address)
  const host = local ? 'localhost' : family === 'IPv6' ? `[${address}]` : address
  return new URL(`http://${host}:${port}`)
}

/** Large blobs are sent past the streams of the web, which would make a buffer of each chunk. */
async function answer(
  { fetch, report }: { fetch: Fetch; report: Application['report'] },
  ...[request, env]: Parameters<Fetch>
): Promise<Response> {
  const response = (await fetch(request, env)) as Response
  const content = sendableOf(response)
  if (!content) return response
  send(response, content, env.outgoing as ServerResponse).catch(report)
  return RESPONSE_ALREADY_SENT
}

/** For the moment between the socket, which says what the URL is, and the application, which needs to know it. */
function starting(): Response {
  return new Response('the server is starting\n', { status: 503, headers: { 'Retry-After': '1' } })
}

async function close(server: Server, application: Application): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve))
  application.drain()
  // A connection whose request has just ended is idle, and would be kept alive for the next one.
  const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_INTERVAL)
  const deadline = setTimeout(() => server.closeAllConnections(), DRAIN_TIMEOUT)
  await closed
  clearInterval(sweep)
  clearTimeout(deadline)
  await application.close()
}
