import { once } from 'node:events'
import type { Server, ServerResponse } from 'node:http'
import { type AddressInfo, Server as NetServer } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { createAdaptorServer } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import type { Config } from '../config.ts'
import { send, sendableOf } from '../http/stream-response.ts'
import { cutOffSlowClients, type Pace } from './slow-clients.ts'

type Fetch = Parameters<typeof createAdaptorServer>[0]['fetch']

/** The opened application; it is told its URL as soon as there is one. */
export type Application = {
  mount: (publicUrl: URL) => Promise<Fetch>
  /** From now on it says that it is not ready. */
  announceStop: () => void
  /** Begins nothing that nobody waits for, and ends the answers that would go on for long. */
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

/** Large blobs on slow lines take their time; a client that hardly sends anything is cut off sooner. */
const REQUEST_TIMEOUT = 60 * 60 * 1000
/** Longer than the intervals of load balancers, so that it is they who close. */
const KEEP_ALIVE_TIMEOUT = 75_000
/** The head of a request is one packet, or a few. */
const HEADERS_TIMEOUT = 20_000
/** How often Node looks for heads and requests that are late. */
const CHECK_INTERVAL = 5000
/** How long requests that are under way may take to end when the server stops. */
const DRAIN_TIMEOUT = 10_000
/** What clients have sent before they could know that the server stops arrives within that. */
const SWEEP_INTERVAL = 250

/** Listens, and serves until it is closed. */
export async function serve(
  config: Pick<Config, 'listen' | 'publicUrl' | 'stopDelay'>,
  application: Application,
  pace?: Pace,
): Promise<RunningServer> {
  const { report } = application
  let fetch: Fetch | undefined
  const server = createAdaptorServer({
    fetch: (request, env) => (fetch ? answer({ fetch, report }, request, env) : starting()),
    serverOptions: {
      requestTimeout: REQUEST_TIMEOUT,
      headersTimeout: HEADERS_TIMEOUT,
      keepAliveTimeout: KEEP_ALIVE_TIMEOUT,
      connectionsCheckingInterval: CHECK_INTERVAL,
    },
  }) as Server
  const closing = closingOf(server)
  const stopCutting = cutOffSlowClients(server, pace)
  try {
    server.listen(config.listen.port, config.listen.host)
    await once(server, 'listening')
    const address = server.address() as AddressInfo
    const url = config.publicUrl ?? urlOf(address)
    fetch = await application.mount(url)
    const close = async () => {
      await closing(application, config.stopDelay)
      stopCutting()
    }
    return { url, port: address.port, close }
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

/** How to stop a server: first it says so, then it takes no more connections, and then it ends what it has. */
function closingOf(server: Server): (application: Application, delay: number) => Promise<void> {
  let stopping = false
  server.prependListener('request', (_, response: ServerResponse) => {
    // The client shall send its next request elsewhere, and not into a connection that is about to be closed.
    if (stopping) response.setHeader('Connection', 'close')
  })
  return async (application, delay) => {
    stopping = true
    application.announceStop()
    await setTimeout(delay)
    // Not that of HTTP, which closes idle connections at once, also where a request is on its way.
    const closed = new Promise((resolve) => NetServer.prototype.close.call(server, resolve))
    application.drain()
    const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_INTERVAL)
    const deadline = globalThis.setTimeout(() => server.closeAllConnections(), DRAIN_TIMEOUT)
    await closed
    clearInterval(sweep)
    clearTimeout(deadline)
    await application.close()
  }
}
