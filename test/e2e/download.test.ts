/** Blobs that the server streams from a file: larger than its cache, and than a chunk. */
import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { digestOf } from '../../src/oci/digest.ts'
import { FileStream } from '../../src/registry/store/file-stream.ts'
import { folderServer } from '../support/app.ts'
import { openFiles } from '../support/open-files.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { until } from '../support/until.ts'

const BLOB = randomBytes(8 * 1024 * 1024 + 12_345)
const PATH = `/v2/a/b/blobs/${digestOf(BLOB)}`

async function serverWithBlob() {
  const server = await folderServer()
  const path = `/v2/a/b/blobs/uploads/?digest=${digestOf(BLOB)}`
  expect((await server.client.send(path, { method: 'POST', body: BLOB })).status).toBe(201)
  return server
}

async function bytesOf(response: Response): Promise<Buffer> {
  return Buffer.from(await response.arrayBuffer())
}

describe('a download', () => {
  it('has the usual headers, and the right bytes', async () => {
    const { client, url } = await serverWithBlob()
    const response = await client.send(PATH, { headers: { 'X-Request-Id': 'mine' } })
    expect(response.status).toBe(200)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'accept-ranges': 'bytes',
      'content-length': String(BLOB.length),
      'content-type': 'application/octet-stream',
      'docker-content-digest': digestOf(BLOB),
      'x-content-type-options': 'nosniff',
      'x-request-id': 'mine',
    })
    expect((await bytesOf(response)).equals(BLOB)).toBe(true)
    const head = await client.send(PATH, { method: 'HEAD' })
    expect([head.status, head.headers.get('Content-Length')]).toEqual([200, String(BLOB.length)])
    const metrics = await (await fetch(new URL('/metrics', url))).text()
    expect(metrics).toMatch(
      /http_request_duration_seconds_count\{method="GET",route="[^"]*blobs[^"]*",status="200"\} 1/,
    )
  })

  it.each([
    [0, 0],
    [1, 256 * 1024],
    [256 * 1024 - 1, 1024 * 1024],
    [BLOB.length - 1, BLOB.length - 1],
    [70_000, BLOB.length - 1],
  ])('returns the bytes %i to %i', async (start, end) => {
    const { client } = await serverWithBlob()
    const response = await client.send(PATH, { headers: { Range: `bytes=${start}-${end}` } })
    expect(response.status).toBe(206)
    expect(response.headers.get('Content-Range')).toBe(`bytes ${start}-${end}/${BLOB.length}`)
    expect((await bytesOf(response)).equals(BLOB.subarray(start, end + 1))).toBe(true)
  })

  it('gives many clients that read at different speeds the same bytes', async () => {
    const { client } = await serverWithBlob()
    const all = await Promise.all(
      Array.from({ length: 10 }, async (_, i) => {
        const response = await client.send(PATH)
        const chunks: Uint8Array[] = []
        for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
          chunks.push(chunk)
          if (chunks.length % 10 === 0) await setTimeout(i)
        }
        return Buffer.concat(chunks).equals(BLOB)
      }),
    )
    expect(all).toEqual(all.map(() => true))
  })

  it.runIf(process.platform === 'linux')('leaves no file open when clients disconnect', async () => {
    const { url, data } = await serverWithBlob()
    const sockets = [1, 2, 3].map(() => connect(Number(url.port), url.hostname).on('error', () => undefined))
    for (const socket of sockets) {
      // The second request waits for its turn, and the client reads neither response.
      const request = `GET ${PATH} HTTP/1.1\r\nHost: ${url.host}\r\n\r\n`
      socket.write(request + request)
    }
    const open = () => openFiles(`${data}/registry/blobs`)
    await until(async () => (await open()) >= 3)
    expect(await open()).toBe(3)
    for (const socket of sockets) socket.destroy()
    await until(async () => (await open()) === 0)
  })

  it('fails where the file is gone, or shorter than it was', async () => {
    const folder = await temporaryFolder()
    await expect(new FileStream(`${folder}/gone`).send(async () => undefined)).rejects.toThrow('ENOENT')
    const short = new FileStream(import.meta.filename, { start: 0, end: 10_000_000 })
    await expect(short.send(async () => undefined)).rejects.toThrow('before 10000000')
  })
})
