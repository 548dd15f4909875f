import { readdir, stat } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { digestOf } from '../../src/oci/digest.ts'
import { folderServer } from '../support/app.ts'
import { startServer } from '../support/process.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { until } from '../support/until.ts'

const BLOB = Buffer.alloc(4 * 1024 * 1024, 'blob')
const DIGEST = digestOf(BLOB)

/** Sends the head of a request. The server answers at once that it goes on, so that its work on it has begun. */
async function begin(url: URL, head: string[]): Promise<{ socket: Socket; answer: () => string }> {
  const socket = connect(Number(url.port), url.hostname)
  let answer = ''
  socket.setEncoding('utf8').on('data', (text: string) => {
    answer += text
  })
  socket.on('error', () => undefined)
  socket.write(`${[...head, `Host: ${url.host}`, 'Expect: 100-continue'].join('\r\n')}\r\n\r\n`)
  await until(() => answer !== '' || socket.destroyed)
  return { socket, answer: () => answer }
}

/** Sends the head of a request and a part of its body, and hangs up once the server has received something. */
async function hangUp(
  url: URL,
  head: string[],
  body: Uint8Array,
  received: () => Promise<boolean> = async () => true,
): Promise<void> {
  const { socket } = await begin(url, head)
  await new Promise((resolve) => socket.write(body, resolve))
  await until(received)
  socket.destroy()
}

/** How many bytes the uploads in progress have. */
async function uploaded(data: string): Promise<number> {
  const folder = join(data, 'registry', 'tmp')
  const sizes = (await readdir(folder)).map(async (name) => (await stat(join(folder, name))).size)
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
}

describe('a client that disconnects in mid-upload', () => {
  it('leaves no partial blob after a single POST, and does not block the next one', async () => {
    const { url, data, client } = await folderServer()
    const head = [`POST /v2/a/b/blobs/uploads/?digest=${DIGEST} HTTP/1.1`, `Content-Length: ${BLOB.length}`]
    await hangUp(url, head, BLOB.subarray(0, BLOB.length / 2), async () => (await uploaded(data)) > 0)
    await until(async () => (await readdir(join(data, 'registry', 'tmp'))).length === 0)
    expect((await client.send(`/v2/a/b/blobs/${DIGEST}`, { method: 'HEAD' })).status).toBe(404)
    const response = await client.send(`/v2/a/b/blobs/uploads/?digest=${DIGEST}`, {
      method: 'POST',
      body: BLOB,
    })
    expect(response.status).toBe(201)
  })

  it('leaves a chunked upload as it was before the interrupted chunk', async () => {
    const { url, data, client } = await folderServer()
    const started = await client.send('/v2/a/b/blobs/uploads/', { method: 'POST' })
    const location = started.headers.get('Location') ?? ''
    await client.send(location, { method: 'PATCH', body: BLOB.subarray(0, 1000) })
    const head = [`PATCH ${location} HTTP/1.1`, 'Content-Length: 3000000']
    await hangUp(url, head, BLOB.subarray(1000, 2_000_000), async () => (await uploaded(data)) > 1000)
    await until(async () => (await client.send(location)).headers.get('Range') === '0-999')
    const rest = await client.send(`${location}?digest=${DIGEST}`, {
      method: 'PUT',
      body: BLOB.subarray(1000),
    })
    expect(rest.status).toBe(201)
  })

  it('does not change a package', async () => {
    const { url, client } = await folderServer()
    await client.createRepository()
    const draft = await client.createDraft('ws1')
    const path = `/api/v1/packagerevisions/${draft.name}/resources`
    for (const type of ['application/json', 'application/gzip']) {
      const head = [`PUT ${path} HTTP/1.1`, 'If-Match: *', `Content-Type: ${type}`, 'Content-Length: 1000000']
      await hangUp(url, head, Buffer.from('{"resources": {"a": "'))
    }
    expect(await client.get(draft.name)).toEqual(draft)
  })

  it('leaves no error in the log of the server', async () => {
    const server = await startServer(await temporaryFolder())
    await server.client.createRepository()
    const { name } = await server.client.createDraft('ws1')
    const head = (first: string, type: string) => [
      `${first} HTTP/1.1`,
      'If-Match: *',
      `Content-Type: ${type}`,
      'Content-Length: 900000',
    ]
    await hangUp(
      server.url,
      head(`PUT /api/v1/packagerevisions/${name}/resources`, 'application/json'),
      Buffer.from('{'),
    )
    await hangUp(
      server.url,
      head(`PUT /api/v1/packagerevisions/${name}/resources`, 'application/gzip'),
      Buffer.from([0x1f, 0x8b, 8]),
    )
    for (const type of ['application/json', 'application/gzip']) {
      const chunked = [
        `PUT /api/v1/packagerevisions/${name}/resources HTTP/1.1`,
        'If-Match: *',
        `Content-Type: ${type}`,
        'Transfer-Encoding: chunked',
      ]
      await hangUp(server.url, chunked, Buffer.from('1\r\n{\r\n'))
    }
    await hangUp(
      server.url,
      head('PUT /v2/a/b/manifests/x', 'application/vnd.oci.image.manifest.v1+json'),
      Buffer.from('{'),
    )
    await hangUp(
      server.url,
      head(`POST /v2/a/b/blobs/uploads/?digest=${DIGEST}`, 'application/octet-stream'),
      Buffer.from('x'),
    )
    await hangUp(server.url, [`GET /api/v1/packagerevisions/${name}/resources HTTP/1.1`], new Uint8Array(0))
    expect((await server.client.send('/healthz')).status).toBe(200)
    expect(await server.stop()).toBe(0)
    const levels = server
      .log()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).level)
    expect(Math.max(...levels), server.log()).toBeLessThan(50)
  })
})

describe('a wrong Content-Length', () => {
  it('is refused if the body is longer, and nothing is stored', async () => {
    const { url, client } = await folderServer()
    const head = [`POST /v2/a/b/blobs/uploads/?digest=${DIGEST} HTTP/1.1`, 'Content-Length: 10']
    const { socket, answer } = await begin(url, head)
    socket.write(BLOB.subarray(0, 1000))
    await until(() => socket.closed)
    expect(answer().replace('HTTP/1.1 100 Continue\r\n\r\n', '')).toMatch(/^HTTP\/1.1 400 /)
    expect((await client.send(`/v2/a/b/blobs/${DIGEST}`, { method: 'HEAD' })).status).toBe(404)
  })

  it.each(['-1', 'ten', '1, 2', '99999999999999999999'])(
    'is harmless if it is not a valid length: %s',
    async (length) => {
      const { url, client } = await folderServer()
      await hangUp(url, ['PUT /v2/a/b/manifests/x HTTP/1.1', `Content-Length: ${length}`], Buffer.from('{}'))
      expect((await client.send('/healthz')).status).toBe(200)
    },
  )
})
