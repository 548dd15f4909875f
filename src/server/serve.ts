import { once } from 'node:events'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { type AddressInfo, isIPv6, Server as NetServer } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { createAdaptorServer } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import type { Config } from '../config.ts'
import { send, sendableOf } from '../http/stream-response.ts'
import { CONNECTION_LIMITS, type ConnectionLimits, limitConnections, turns } from './connections.ts'
import { cutOffSlowClients, type Pace } from './slow-clients.ts'
import { refuseSmallPieces } from './small-pieces.ts'

type Fetch = Parameters<typeof createAdaptorServer>[0]['fetch']

/** The opened application. `mount` gets the public URL, which is known once the server listens. */
export type Application = {
  mount: (publicUrl: URL) => Promise<Fetch>
  /** Makes readiness checks fail from now on. */
  announceStop: () => void
  /** Begins no more background work, and ends long-lived responses. */
  drain: () => void
  /** Reports failures after the head of a response was sent. */
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

/** Large blobs may take long on slow lines; `slow-clients.ts` cuts off clients that send almost nothing. */
const REQUEST_TIMEOUT = 60 * 60 * 1000
/** Longer than load balancers wait, so that they close idle connections first. */
const KEEP_ALIVE_TIMEOUT = 75_000
/** The head of a request is one packet, or a few. */
const HEADERS_TIMEOUT = 20_000
/** How often Node checks for late heads and requests. */
const CHECK_INTERVAL = 5000
/** How long requests in flight may take to end when the server stops. */
const DRAIN_TIMEOUT = 10_000
/** Requests that were sent before the client could know of the stop arrive within this. */
const SWEEP_INTERVAL = 250

/** Listens, and serves until it is closed. */
export async function serve(
  config: Pick<Config, 'listen' | 'publicUrl' | 'stopDelay'> & Partial<Pick<Config, 'trustedProxies'>>,
  application: Application,
  pace?: Pace,
  limits: ConnectionLimits = CONNECTION_LIMITS,
): Promise<RunningServer> {
  const { report } = application
  let fetch: Fetch | undefined
  const turn = turns(limits)
  const server = createAdaptorServer({
    fetch: (request, env) => {
      const work = () => (fetch ? answer({ fetch, report }, request, env) : starting())
      const waits = turn(env.incoming as IncomingMessage, env.outgoing as ServerResponse)
      return waits ? waits.then(work) : work()
    },
    serverOptions: {
      requestTimeout: REQUEST_TIMEOUT,
      headersTimeout: HEADERS_TIMEOUT,
      keepAliveTimeout: KEEP_ALIVE_TIMEOUT,
      connectionsCheckingInterval: CHECK_INTERVAL,
    },
  }) as Server
  limitConnections(server, config.trustedProxies, limits)
  refuseSmallPieces(server)
  server.prependListener('request', nameHost)
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

type Started = {
  url: URL
  version: string
  data: string
  /** Where artifacts are stored, if not here. */
  registry: string | undefined
  /** Whether every caller may do everything. */
  open: boolean
  /** The file with the token of an admin, while there is no admin. */
  tokenFile: string | undefined
}

/** The text that a started server prints. */
export function greeting({ url, version, data, registry, open, tokenFile }: Started): string {
  const base = url.origin
  const header = open ? '' : ' -H "Authorization: Bearer $TOKEN"'
  return `pkgserver ${version}
  API            ${base}/api/v1
  documentation  ${base}/docs
  registry       ${registry ?? `${url.host} (${base}/v2/)`}
  data           ${data}
  access         ${open ? 'open: every caller may do everything' : 'required: callers need rights'}

Try it:
${tokenFile === undefined ? '' : `  TOKEN=$(cat ${tokenFile})\n`}  curl ${base}/api/v1/repositories${header} -H 'Content-Type: application/json' -d '{"name": "blueprints", "type": "catalog"}'
  curl ${base}/api/v1/packagerevisions${header} -H 'Content-Type: application/json' -d '{"repository": "blueprints", "package": "hello", "workspace": "first", "source": {"init": {}}}'
  curl ${base}/api/v1/packagerevisions/blueprints.hello.first/resources${header}
`
}

function urlOf({ address, family, port }: AddressInfo): URL {
  // Not ::1, as localhost may be 127.0.0.1, where another server can listen.
  const local = ['127.0.0.1', '0.0.0.0', '::'].includes(address)
  const host = local ? 'localhost' : family === 'IPv6' ? `[${address}]` : address
  return new URL(`http://${host}:${port}`)
}

/** HTTP/1.0, which load balancers check health with, has no Host: the client has called the address. */
function nameHost({ httpVersion, headers, socket }: IncomingMessage): void {
  if (httpVersion === '1.0') headers.host ??= hostOf(socket.localAddress, socket.localPort)
}

function hostOf(address = '127.0.0.1', port = 80): string {
  return `${isIPv6(address) ? `[${address}]` : address}:${port}`
}

/** Sends large blobs without web streams, which would copy each chunk. */
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

/** Answers between the moment the port, and so the URL, is known and the moment the application is mounted. */
function starting(): Response {
  return new Response('the server is starting\n', { status: 503, headers: { 'Retry-After': '1' } })
}

/** Returns the function that stops a server: it announces the stop, takes no more connections, and ends those it has. */
function closingOf(server: Server): (application: Application, delay: number) => Promise<void> {
  let stopping = false
  server.prependListener('request', (_, response: ServerResponse) => {
    // The client should send its next request elsewhere, not into a connection that is about to close.
    if (stopping) response.setHeader('Connection', 'close')
  })
  return async (application, delay) => {
    stopping = true
    application.announceStop()
    await setTimeout(delay)
    // Not http's own close, which closes idle connections at once, even if a request is on its way.
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
