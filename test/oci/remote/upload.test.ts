import type { MiddlewareHandler } from 'hono'
import { expect, it } from 'vitest'
import { readAll } from '../../../src/oci/content.ts'
import { describe as describeBytes } from '../../../src/oci/descriptor.ts'
import type { RemoteOptions } from '../../../src/oci/remote/options.ts'
import { RemoteRegistry } from '../../../src/oci/remote/remote-registry.ts'
import { RewindableStream } from '../../../src/oci/remote/rewindable-stream.ts'
import { fetchAll } from '../../../src/oci/roles.ts'
import { inChunks } from '../../support/chunks.ts'
import { listening } from '../../support/listening.ts'
import { type Recorded, recording, registryBehind } from '../../support/registries.ts'

const LARGE = Buffer.from(Array.from({ length: 300_000 }, (_, at) => (at * 31) % 251))
const DESCRIPTOR = describeBytes('application/vnd.example', LARGE)
const retry = { firstDelay: 1, maxDelay: 5 }

const streamed = () => inChunks(LARGE, 7_000)

/** Pushes to a registry behind a middleware, checks the content and returns the upload requests. */
async function pushed(
  content: () => Uint8Array | AsyncIterable<Uint8Array>,
  middleware: MiddlewareHandler,
  upload: RemoteOptions['upload'] = { chunk: 100_000 },
) {
  const requests: Recorded[] = []
  const url = await registryBehind([recording(requests), middleware])
  const repository = new RemoteRegistry(url, { retry, upload }).repository('a')
  await repository.push(DESCRIPTOR, content())
  expect(Buffer.compare(await fetchAll(repository, DESCRIPTOR, LARGE.length), LARGE)).toBe(0)
  const writes = requests.filter(({ line }) => !line.startsWith('HEAD') && line.includes('/uploads/'))
  return { writes, methods: writes.map(({ line }) => line.split(' ')[0]), repository, requests }
}

const through: MiddlewareHandler = (_, next) => next()

it('uploads a large blob in chunks, and a small one in one piece', async () => {
  expect((await pushed(() => LARGE, through)).methods).toEqual(['POST', 'PUT'])
  const { methods, writes } = await pushed(streamed, through, {
    maxMonolithic: 1000,
    chunk: 120_000,
  })
  expect(methods).toEqual(['POST', 'PATCH', 'PATCH', 'PATCH', 'PUT'])
  expect(writes.slice(1, 4).map(({ headers }) => headers.get('Content-Range'))).toEqual([
    '0-119999',
    '120000-239999',
    '240000-299999',
  ])
})

it('falls back to chunks if a registry refuses a blob in one piece, and remembers that', async () => {
  for (const status of [405, 413, 501] as const) {
    const refuse: MiddlewareHandler = async (c, next) => {
      const size = Number(c.req.header('Content-Length') ?? 0)
      if (c.req.method === 'PUT' && size > 200_000) return c.body(null, status)
      return next()
    }
    for (const content of [() => LARGE, streamed]) {
      const { methods, repository, requests } = await pushed(content, refuse, { chunk: 400_000 })
      expect(methods).toEqual(['POST', 'PUT', 'DELETE', 'POST', 'PATCH', 'PATCH', 'PUT'])
      requests.length = 0
      const other = Buffer.concat([LARGE, Buffer.from('x')])
      await repository.push(describeBytes('x', other), other)
      expect(requests.map(({ line }) => line.split(' ')[0])).toEqual([
        'HEAD',
        'POST',
        'PATCH',
        'PATCH',
        'PUT',
      ])
    }
  }
})

it('makes chunks as large as the registry requires', async () => {
  const { methods } = await pushed(
    () => LARGE,
    async (c, next) => {
      await next()
      if (c.req.method === 'POST') c.res.headers.set('OCI-Chunk-Min-Length', '250000')
    },
    { maxMonolithic: -1, chunk: 100_000 },
  )
  expect(methods).toEqual(['POST', 'PATCH', 'PATCH', 'PUT'])
})

it('resumes after a failed chunk, whether it had arrived or not', async () => {
  for (const arrived of [true, false]) {
    let broken = false
    const { methods } = await pushed(
      streamed,
      async (c, next) => {
        if (c.req.method !== 'PATCH' || broken || !c.req.header('Content-Range')?.startsWith('100000-'))
          return next()
        broken = true
        if (arrived) await next()
        else await c.req.arrayBuffer()
        c.res = new Response(null, { status: 502 })
        return undefined
      },
      { maxMonolithic: -1, chunk: 100_000 },
    )
    expect(methods).toEqual(['POST', 'PATCH', 'PATCH', 'GET', ...(arrived ? [] : ['PATCH']), 'PATCH', 'PUT'])
  }
})

it('restarts a failed upload, unless only its response was lost', async () => {
  for (const arrived of [true, false]) {
    let broken = false
    const { methods } = await pushed(
      () => LARGE,
      async (c, next) => {
        if (c.req.method !== 'PUT' || broken) return next()
        broken = true
        if (arrived) await next()
        else await c.req.arrayBuffer()
        c.res = new Response(null, { status: 504 })
        return undefined
      },
    )
    expect(methods).toEqual(arrived ? ['POST', 'PUT'] : ['POST', 'PUT', 'POST', 'PUT'])
  }
})

it('restarts a stream only while it can be rewound', async () => {
  const failing = (limit: number): MiddlewareHandler => {
    let failed = false
    return async (c, next) => {
      if (c.req.method !== 'PUT' || failed) return next()
      failed = true
      let size = 0
      for await (const chunk of c.req.raw.body ?? []) {
        size += chunk.length
        if (size >= limit) break
      }
      return c.body(null, 503)
    }
  }
  await pushed(streamed, failing(1), { chunk: 400_000 })
  let read = 0
  async function* counted() {
    for await (const piece of streamed()) {
      read += piece.length
      yield piece
    }
  }
  await expect(pushed(counted, failing(LARGE.length), { chunk: 50_000 })).rejects.toMatchObject({
    code: 'unavailable',
  })
  expect(read).toBe(LARGE.length)
})

it('applies backpressure to a stream that the registry does not read', async () => {
  let taken = 0
  const size = 256 * 1024 * 1024
  const block = Buffer.alloc(64 * 1024)
  async function* endless() {
    for (; taken < size; taken += block.length) yield block
  }
  const url = await listening((request, response) => {
    if (request.method === 'HEAD') response.writeHead(404).end()
    else if (request.method === 'POST') response.writeHead(202, { Location: '/upload' }).end()
    // A PUT is never read.
  })
  const upload = { maxMonolithic: size }
  const registry = new RemoteRegistry(url, { upload, retry: { attempts: 1 }, timeouts: { idle: 300 } })
  const pushing = registry
    .repository('a')
    .push({ mediaType: 'x', digest: DESCRIPTOR.digest, size }, endless())
  await expect(pushing).rejects.toMatchObject({ code: 'unavailable' })
  expect(taken).toBeLessThan(32 * 1024 * 1024)
})

it('rejects an upload for which the registry states another digest', async () => {
  const lying: MiddlewareHandler = async (c, next) => {
    await next()
    if (c.req.method === 'PUT')
      c.res.headers.set('Docker-Content-Digest', describeBytes('x', Buffer.alloc(1)).digest)
  }
  await expect(pushed(() => LARGE, lying)).rejects.toMatchObject({ code: 'digest_mismatch' })
})

it('keeps the query of a Location unchanged', async () => {
  const asked: (string | undefined)[] = []
  const url = await listening((request, response) => {
    asked.push(request.url)
    if (request.method === 'HEAD') response.writeHead(404).end()
    else if (request.method === 'POST') response.writeHead(202, { Location: '/up?_state=a%20b~%2B==' }).end()
    else request.resume().on('end', () => response.writeHead(201).end())
  })
  await new RemoteRegistry(url).repository('a').push(DESCRIPTOR, LARGE)
  expect(asked.at(-1)).toBe(`/up?_state=a%20b~%2B==&digest=${encodeURIComponent(DESCRIPTOR.digest)}`)
})

it('rewinds a stream even while an earlier reader waits for it', async () => {
  const source = new RewindableStream(streamed(), 50_000)
  const first = source.rewind()[Symbol.asyncIterator]()
  await first.next()
  const left = first.next()
  expect(Buffer.compare(await readAll(source.rewind(), LARGE.length), LARGE)).toBe(0)
  expect(await left).toMatchObject({ done: true })
  expect(source.canRewind).toBe(false)
})
