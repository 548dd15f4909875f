/** An HTTPS proxy that stands for whole networks: it knows servers by name, and speaks TLS for them. */
import { once } from 'node:events'
import { createServer, request as httpRequest, type IncomingMessage } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { createSecureContext, TLSSocket } from 'node:tls'
import { onTestFinished } from 'vitest'
import { selfSigned } from './certificate.ts'

export type TlsProxy = {
  url: URL
  /** The requests that reached it, like `CONNECT registry.test:443` or `GET http://registry.test/v2/`. */
  requests: string[]
  /** Certificates of all its servers. */
  pem: string
}

/** Starts a proxy for these servers, which speak HTTP, until the test ends. */
export async function tlsProxy(servers: Record<string, URL>): Promise<TlsProxy> {
  const requests: string[] = []
  const certificates = new Map(Object.keys(servers).map((name) => [name, selfSigned(name)]))
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`)
    const url = new URL(request.url ?? '')
    const there = servers[url.hostname]
    if (!there) return void response.writeHead(502).end()
    const { method, headers } = request
    const passed = httpRequest(new URL(url.pathname + url.search, there), { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 0, answer.headers)
      answer.pipe(response)
    })
    request.pipe(passed)
  })
  server.on('connect', (request: IncomingMessage, socket: Socket) => {
    requests.push(`CONNECT ${request.url}`)
    const name = request.url?.split(':')[0] ?? ''
    const [there, certificate] = [servers[name], certificates.get(name)]
    if (!there || !certificate) return void socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n')
    socket.write('HTTP/1.1 200 OK\r\n\r\n')
    const key = certificate.key.export({ type: 'pkcs8', format: 'pem' }).toString()
    const secureContext = createSecureContext({ key, cert: certificate.pem })
    const secure = new TLSSocket(socket, { isServer: true, secureContext })
    const upstream = connect(Number(there.port), there.hostname)
    secure.pipe(upstream).pipe(secure)
    for (const [one, other] of [
      [secure, upstream],
      [upstream, secure],
    ] as const) {
      one.on('error', () => other.destroy()).on('close', () => other.destroy())
    }
  })
  server.listen(0, '127.0.0.1')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  await once(server, 'listening')
  return {
    url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    requests,
    pem: [...certificates.values()].map(({ pem }) => pem).join(''),
  }
}
