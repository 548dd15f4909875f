import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { digestOf } from '../../src/oci/digest.ts'
import { folderServer } from '../support/app.ts'
import { breakRegistry } from '../support/faults.ts'
import { openFiles } from '../support/open-files.ts'
import { until } from '../support/until.ts'

const PACE = { rate: 1000, window: 250 }

async function open(url: URL, head: string[]): Promise<Socket> {
  const socket = connect(Number(url.port), url.hostname)
  onTestFinished(() => void socket.destroy())
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  socket.write(`${[...head, `Host: ${url.host}`].join('\r\n')}\r\n\r\n`)
  return socket
}

/** Sends this many bytes every 50 ms until all are sent and the connection ends. Returns the response. */
async function sendSlowly(socket: Socket, bytes: number, all: number): Promise<string> {
  let answer = ''
  socket.setEncoding('utf8').on('data', (text: string) => {
    answer += text
  })
  let ended = false
  socket.once('close', () => {
    ended = true
  })
  for (let sent = 0; !ended; sent += bytes) {
    if (sent < all) socket.write('x'.repeat(bytes))
    await setTimeout(50)
  }
  return answer
}

describe('a client that sends slowly', () => {
  it.each([
    'PUT /api/v1/packagerevisions/a.b.c/resources HTTP/1.1',
    'POST /v2/a/b/blobs/uploads/?digest=sha256:0 HTTP/1.1',
    'PUT /v2/a/b/manifests/x HTTP/1.1',
  ])('is disconnected: %s', async (line) => {
    const { url, client } = await folderServer({}, PACE)
    const path = line.split(' ')[1]?.includes('uploads')
      ? line.replace('sha256:0', digestOf(Buffer.from('no such thing')))
      : line
    const socket = await open(url, [path, 'Content-Type: application/json', 'Content-Length: 1000000'])
    expect(await sendSlowly(socket, 1, 1_000_000)).toMatch(/^HTTP\/1\.1 408 |^$/)
    expect((await client.send('/healthz')).status).toBe(200)
  })

  it('is served while it keeps the minimum rate', async () => {
    const { url } = await folderServer({}, PACE)
    const blob = Buffer.alloc(12_000, 'x')
    const socket = await open(url, [
      `POST /v2/a/b/blobs/uploads/?digest=${digestOf(blob)} HTTP/1.1`,
      `Content-Length: ${blob.length}`,
      'Connection: close',
    ])
    expect(await sendSlowly(socket, 400, blob.length)).toMatch(/^HTTP\/1\.1 201 /)
  })
})

describe.runIf(process.platform === 'linux')('a client that does not read its response', () => {
  it('is disconnected, unlike one that reads slowly', async () => {
    const { url, data, client } = await folderServer({}, PACE)
    const blob = Buffer.alloc(24 * 1024 * 1024, 'blob')
    const digest = digestOf(blob)
    await client.send(`/v2/a/b/blobs/uploads/?digest=${digest}`, { method: 'POST', body: blob })
    const [stuck, slow] = await Promise.all(
      ['stuck', 'slow'].map(() => open(url, [`GET /v2/a/b/blobs/${digest} HTTP/1.1`])),
    )
    if (!stuck || !slow) throw new Error('there are two')
    stuck.pause()
    let received = 0
    let isSlow = true
    slow.on('data', async (chunk) => {
      received += chunk.length
      if (!isSlow) return
      slow.pause()
      await setTimeout(10)
      slow.resume()
    })
    const sending = () => openFiles(`${data}/registry/blobs`)
    await until(async () => (await sending()) === 2)
    await until(async () => (await sending()) === 1)
    isSlow = false
    // It still receives what the kernel has buffered, and then the end.
    let rest = 0
    stuck.on('data', (chunk) => {
      rest += chunk.length
    })
    stuck.resume()
    await once(stuck, 'close')
    expect(rest).toBeLessThan(blob.length)
    await until(() => received >= blob.length)
  })
})

describe('a stream of events', () => {
  it('may stay silent while nothing happens', async () => {
    const { url, client, parts } = await folderServer({}, PACE)
    await client.createRepository()
    const upstream = await client.publish('ws1')
    // The job retries for a while.
    breakRegistry(parts.ctx, (operation) => operation === 'mount' || operation === 'push')
    const job = await client.ok('POST', '/clones', {
      upstream: upstream.name,
      targets: [{ package: 'other' }],
      defaults: { repository: 'blueprints' },
    })
    const socket = await open(url, [`GET /api/v1/jobs/${job.id}/events HTTP/1.1`])
    let events = ''
    let closed = false
    socket.once('close', () => {
      closed = true
    })
    socket.setEncoding('utf8').on('data', (text: string) => {
      events += text
    })
    await setTimeout(PACE.window * 4)
    expect(closed).toBe(false)
    breakRegistry(parts.ctx, () => false)
    await expect.poll(() => events).toContain('event: finished')
  })
})
