/** Requests in very many pieces, over a real connection. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { PIECE_LIMITS } from '../../src/server/small-pieces.ts'
import { folderServer } from '../support/app.ts'
import { until } from '../support/until.ts'

type Client = Awaited<ReturnType<typeof opened>>

/** Connects, and collects what the server sends. */
async function opened(url: URL) {
  const socket = connect(Number(url.port), url.hostname)
  onTestFinished(() => void socket.destroy())
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  let text = ''
  socket.setEncoding('utf8').on('data', (more: string) => {
    text += more
  })
  return { socket, received: () => text, host: url.host }
}

function head({ host }: Client, first: string, ...headers: string[]): string {
  return [`${first} HTTP/1.1`, `Host: ${host}`, ...headers, '', ''].join('\r\n')
}

const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`
const CHUNKED = ['Content-Type: application/json', 'Transfer-Encoding: chunked']
const BODY = JSON.stringify({ name: 'blueprints', type: 'catalog', description: 'd'.repeat(400) })

it('takes a body in small chunks, and cuts off one in very many of them', async () => {
  const { url } = await folderServer()
  const few = await opened(url)
  few.socket.write(head(few, 'POST /api/v1/repositories', ...CHUNKED))
  few.socket.write(`${[...BODY].map(chunk).join('')}0\r\n\r\n`)
  await until(() => few.received().includes('"name":"blueprints"'))
  expect(few.received()).toContain(' 201 ')
  for (const path of ['/api/v1/repositories', '/v2/a/b/blobs/uploads/?digest=sha256:'.padEnd(101, '0')]) {
    const many = await opened(url)
    many.socket.write(head(many, `POST ${path}`, ...CHUNKED))
    many.socket.write(chunk(' ').repeat(2 * PIECE_LIMITS.pieces))
    await until(() => many.socket.closed)
    expect(many.received(), path).not.toContain(' 201 ')
  }
})

it('takes as many pieces as a client likes if they are large enough on average', async () => {
  const { url, client } = await folderServer()
  await client.createRepository()
  const { name } = await client.createDraft('ws1')
  const text = 'line\n'.repeat(200_000)
  const body = JSON.stringify({ resources: { Kptfile: 'kind: Kptfile\n', 'a.txt': text } })
  const pieces = body.match(new RegExp(`.{1,${PIECE_LIMITS.size}}`, 'gs')) ?? []
  expect(pieces.length).toBeGreaterThan(2 * PIECE_LIMITS.pieces)
  const sender = await opened(url)
  const put = head(sender, `PUT /api/v1/packagerevisions/${name}/resources`, ...CHUNKED, 'If-Match: *')
  sender.socket.write(`${put}${pieces.map(chunk).join('')}0\r\n\r\n`)
  await until(() => sender.received().includes('\r\n\r\n'))
  expect(sender.received()).toContain(' 200 ')
  expect((await client.resources(name))['a.txt']).toBe(text)
})

it('closes the connection of a GET that goes on sending after its answer', async () => {
  const { url } = await folderServer()
  const sender = await opened(url)
  sender.socket.write(`${head(sender, 'GET /healthz', ...CHUNKED)}${chunk('x')}`)
  await until(() => sender.socket.closed)
  expect(sender.received()).toContain('{"status":"ok"}')
})

it('refuses a request with very many headers, and takes one with some', async () => {
  const { url } = await folderServer()
  const lines = (count: number) => Array.from({ length: count }, (_, at) => `H${at}:`)
  const some = await opened(url)
  some.socket.write(head(some, 'GET /healthz', ...lines(PIECE_LIMITS.headers - 1)))
  await until(() => some.received().includes('{"status":"ok"}'))
  const many = await opened(url)
  many.socket.write(head(many, 'GET /healthz', ...lines(PIECE_LIMITS.headers)))
  await until(() => many.socket.closed)
  expect(many.received()).toContain(' 431 ')
})

it('answers health checks in HTTP/1.0 without a Host', async () => {
  const { url } = await folderServer()
  const probe = await opened(url)
  probe.socket.write('GET /readyz HTTP/1.0\r\n\r\n')
  await until(() => probe.socket.closed)
  expect(probe.received()).toContain(' 200 ')
})

it('holds the bytes of a body once, and none when the client is gone', async () => {
  const { url, parts } = await folderServer()
  const size = 32 * 1024 * 1024
  const before = process.memoryUsage().arrayBuffers
  const sender = await opened(url)
  const post = head(
    sender,
    'POST /api/v1/packagerevisions',
    'Content-Type: application/json',
    `Content-Length: ${size}`,
  )
  sender.socket.write(post)
  sender.socket.write('a'.repeat(size - 1))
  await until(() => parts.load.bodies.used === size - 1)
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1.5 * size)
  sender.socket.destroy()
  await until(() => parts.load.bodies.used === 0)
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(size / 2)
})
