/** Failing networks and registries: which requests are retried, and what the errors say. */
import type { RequestListener } from 'node:http'
import { expect, it } from 'vitest'
import { readAll } from '../../../src/oci/content.ts'
import { describe as describeBytes } from '../../../src/oci/descriptor.ts'
import { RemoteRegistry } from '../../../src/oci/remote/remote-registry.ts'
import { delayBefore, parseRetryAfter } from '../../../src/oci/remote/retry.ts'
import { listening } from '../../support/listening.ts'

const BLOB = Buffer.from('some blob')
const DESCRIPTOR = describeBytes('application/vnd.example', BLOB)

/** Starts a registry that fails its first requests in these ways, and succeeds afterwards. */
async function failing(failures: RequestListener[]) {
  const waits: number[] = []
  const clock = {
    now: () => Date.parse('2026-01-01T00:00:00Z'),
    sleep: async (ms: number) => void waits.push(ms),
  }
  let count = 0
  const url = await listening((request, response) => {
    const failure = failures[count++]
    if (failure) failure(request, response)
    else response.end('{"tags": ["x"]}')
  })
  const registry = new RemoteRegistry(url, { clock, retry: { attempts: 4, firstDelay: 100, maxDelay: 5000 } })
  return { repository: registry.repository('a'), waits, count: () => count, url }
}

const status =
  (code: number, headers: Record<string, string> = {}): RequestListener =>
  (_, response) =>
    void response.writeHead(code, headers).end()

const cut: RequestListener = (request) => void request.socket.destroy()

it('retries transient failures with growing delays', async () => {
  for (const failure of [cut, ...[408, 429, 500, 502, 503, 504].map((code) => status(code))]) {
    const { repository, waits } = await failing([failure, failure, failure])
    expect(await Array.fromAsync(repository.tags())).toEqual(['x'])
    expect(waits).toHaveLength(3)
    waits.forEach((wait, at) => {
      expect(wait).toBeGreaterThanOrEqual(50 * 2 ** at)
      expect(wait).toBeLessThanOrEqual(100 * 2 ** at)
    })
  }
})

it('gives up after the last attempt, and says why', async () => {
  const { repository, count } = await failing(Array(10).fill(status(503)))
  await expect(Array.fromAsync(repository.tags())).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringMatching(/^GET http:.*\/v2\/a\/tags\/list: 503/),
  })
  expect(count()).toBe(4)
})

it('does not retry permanent failures', async () => {
  for (const code of [400, 401, 403, 404, 409, 501]) {
    const { repository, count } = await failing(Array(10).fill(status(code)))
    await expect(Array.fromAsync(repository.tags())).rejects.toThrow()
    expect(count()).toBe(1)
  }
})

it('honours Retry-After within bounds', async () => {
  for (const [header, expected] of [
    ['2', 2000],
    ['Thu, 01 Jan 2026 00:00:03 GMT', 3000],
    ['86400', 5000],
    ['0', 100],
  ] as const) {
    const { repository, waits } = await failing([status(429, { 'Retry-After': header })])
    await Array.fromAsync(repository.tags())
    expect(waits).toEqual([expected])
  }
  expect(parseRetryAfter('soon', 0)).toBeUndefined()
  expect(parseRetryAfter('-1', 0)).toBeUndefined()
  expect(delayBefore(100, undefined, { attempts: 1, firstDelay: 1, maxDelay: 50 })).toBeLessThanOrEqual(50)
})

it('reports a connection that breaks in the middle of content', async () => {
  const { repository } = await failing([
    (_, response) => {
      response.writeHead(200, { 'Content-Length': String(BLOB.length) })
      response.write('some', () => response.socket?.destroy())
    },
  ])
  const stream = await repository.fetch(DESCRIPTOR)
  await expect(readAll(stream, 100)).rejects.toMatchObject({ name: 'OciError', code: 'unavailable' })
})

it('times out before a response and in the middle of one', async () => {
  const url = await listening((request, response) => {
    if (request.url?.includes('blobs')) response.write('some')
  })
  const registry = new RemoteRegistry(url, { retry: { attempts: 1 }, timeouts: { response: 100, idle: 100 } })
  const timeout = {
    code: 'unavailable',
    message: expect.stringContaining(`${url.host} timed out`),
  }
  await expect(registry.ping()).rejects.toMatchObject(timeout)
  const stream = await registry.repository('a').fetch(DESCRIPTOR)
  await expect(readAll(stream, 100)).rejects.toMatchObject(timeout)
})

it('does not time out while it waits for a slow reader or a slow source', async () => {
  const url = await listening((request, response) => {
    if (request.method === 'HEAD') return response.writeHead(404).end()
    if (request.method === 'POST') return response.writeHead(202, { Location: '/upload' }).end()
    if (request.method === 'PUT') return request.resume().on('end', () => response.writeHead(201).end())
    return response.end(BLOB)
  })
  const timeouts = { response: 400, idle: 400 }
  const repository = new RemoteRegistry(url, { timeouts }).repository('a')
  // Longer than the time-outs, which must not count it.
  const pause = () => new Promise((resolve) => setTimeout(resolve, 600))
  async function* slow() {
    yield BLOB.subarray(0, 4)
    await pause()
    yield BLOB.subarray(4)
  }
  await repository.push(DESCRIPTOR, slow())
  const large = Buffer.alloc(3_000_000)
  const descriptor = describeBytes('x', large)
  const whole = await listening((_, response) => void response.end(large))
  let size = 0
  for await (const chunk of await new RemoteRegistry(whole, { timeouts }).repository('a').fetch(descriptor)) {
    if (size === 0) await pause()
    size += chunk.length
  }
  expect(size).toBe(large.length)
})

it('says which registry cannot be reached, and why', async () => {
  const retry = { attempts: 1 }
  const gone = await listening(() => undefined)
  const closed = new URL('http://127.0.0.1:1')
  const plain = new URL(gone.href.replace('http:', 'https:'))
  const unknown = new URL('https://registry.invalid')
  for (const [url, words] of [
    [closed, /cannot reach 127\.0\.0\.1:1: connection refused/],
    [
      plain,
      /cannot reach 127\.0\.0\.1:\d+: TLS failed with "wrong version number"\. Check that it serves TLS/,
    ],
    [unknown, /cannot reach registry\.invalid: (?:no such host|temporary failure of name resolution)/],
  ] as const) {
    await expect(new RemoteRegistry(url, { retry }).ping()).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(words),
    })
  }
})

it('reports the error of a failing source, not that of the connection it aborts', async () => {
  const url = await listening((request, response) => {
    if (request.method === 'HEAD') response.writeHead(404).end()
    else if (request.method === 'POST') response.writeHead(202, { Location: '/upload' }).end()
  })
  async function* broken() {
    yield BLOB.subarray(0, 4)
    throw new Error('the disk is gone')
  }
  const pushing = new RemoteRegistry(url).repository('a').push(DESCRIPTOR, broken())
  await expect(pushing).rejects.toThrow('the disk is gone')
})
