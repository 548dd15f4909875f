/** Untrusted registries: what their clients must not accept or follow, and the deviations that they tolerate. */
import type { RequestListener } from 'node:http'
import { describe, expect, it } from 'vitest'
import { readAll, streamOf } from '../../../src/oci/content.ts'
import { digestOf } from '../../../src/oci/digest.ts'
import { MEDIA_TYPE } from '../../../src/oci/media-types.ts'
import type { HttpClient } from '../../../src/oci/remote/http-client.ts'
import { paginate } from '../../../src/oci/remote/pagination.ts'
import { RemoteRegistry } from '../../../src/oci/remote/remote-registry.ts'
import type { HttpResponse } from '../../../src/oci/remote/transport.ts'
import type { Repository } from '../../../src/oci/roles.ts'
import { listening } from '../../support/listening.ts'

const DIGEST = digestOf(Buffer.from('x'))

async function answering(listener: RequestListener): Promise<Repository> {
  return new RemoteRegistry(await listening(listener)).repository('a/b')
}

it('follows no redirect to a private address of another host', async () => {
  let asked = false
  const { port } = await listening((_, response) => {
    asked = true
    response.end('x')
  })
  const repository = await answering((_, response) => {
    response.writeHead(307, { Location: `http://localhost:${port}/` }).end()
  })
  const blob = { mediaType: 'x', digest: DIGEST, size: 1 }
  await expect(repository.fetch(blob)).rejects.toMatchObject({ code: 'unsupported' })
  expect(asked).toBe(false)
})

it('rejects a list whose pages form a loop', async () => {
  const repository = await answering((request, response) => {
    response.setHeader('Link', `<${request.url}>; rel="next"`).end('{"tags": ["a"]}')
  })
  await expect(Array.fromAsync(repository.tags())).rejects.toMatchObject({ code: 'unavailable' })
})

describe('an endless list', () => {
  /** Serves pages that always lead to another one, and counts them. */
  async function endless(page: string, link: (at: number) => string) {
    const served = { pages: 0 }
    const url = await listening((_, response) => {
      const next = `</v2/next?at=${link(++served.pages)}>; rel="next"`
      response.setHeader('Link', next).end(page)
    })
    let now = 0
    const clock = { now: () => (now += 60_000), sleep: async () => undefined }
    return { served, registry: new RemoteRegistry(url), timed: new RemoteRegistry(url, { clock }) }
  }
  const names = JSON.stringify({
    repositories: Array.from({ length: 20_000 }, (_, at) => `some/${'long'.repeat(30)}/repository-${at}`),
  })

  it('is cut off at a number of bytes', async () => {
    const { served, registry } = await endless(names, String)
    await expect(registry.repositories()).rejects.toThrow('more than 8388608 bytes')
    expect(served.pages).toBe(Math.ceil(8388608 / names.length))
  })

  it('is cut off at a number of values, before they are parsed', async () => {
    const page = `{"tags": [${'[],'.repeat(60_000)}[]]}`
    const { served, registry } = await endless(page, String)
    await expect(Array.fromAsync(registry.repository('a').tags())).rejects.toThrow('more than 100000 values')
    expect(served.pages).toBe(1)
  })

  it('is cut off even if only its links are large', async () => {
    const { served, registry } = await endless('{"tags": []}', (at) => `${at}${'x'.repeat(10_000)}`)
    await expect(Array.fromAsync(registry.repository('a').tags())).rejects.toMatchObject({
      code: 'size_exceeded',
    })
    expect(served.pages).toBeLessThan(900)
  })

  it('is cut off after some minutes', async () => {
    const { served, timed } = await endless('{"repositories": []}', String)
    await expect(timed.repositories()).rejects.toThrow('the list takes too long')
    expect(served.pages).toBeLessThan(10)
  })
})

it('leaves room for other work between the pages of lists that arrive at once', async () => {
  const http = { settings: { clock: { now: Date.now } } } as HttpClient
  const page = (at: number): HttpResponse => ({
    method: 'GET',
    url: new URL(`http://registry.test/${at}`),
    status: 200,
    headers: new Headers(),
    timeouts: { response: 1000, idle: 1000, document: 1000 },
    body: streamOf(Buffer.from('{"tags": []}')),
  })
  let inOneTurn = 0
  let most = 0
  const pages = Array.from({ length: 20 }, async (_, at) => {
    for await (const _page of paginate(http, page(at))) {
      if (inOneTurn++ === 0) setImmediate(() => (inOneTurn = 0))
      most = Math.max(most, inOneTurn)
    }
  })
  await Promise.all(pages)
  // The reset comes after the first page of the next turn.
  expect(most).toBeLessThanOrEqual(2)
})

it('reads no token or error that is large', async () => {
  const large = JSON.stringify({ errors: [{ code: 'DENIED', message: 'x'.repeat(300_000) }] })
  const repository = await answering((_, response) => void response.writeHead(400).end(large))
  await expect(Array.fromAsync(repository.tags())).rejects.toMatchObject({ code: 'unsupported' })
})

it('gives up a document that trickles in', async () => {
  const trickling: RequestListener = (_, response) => {
    response.write('{"tags": [')
    const timer = setInterval(() => response.write(' '), 10)
    response.once('close', () => clearInterval(timer))
  }
  const registry = new RemoteRegistry(await listening(trickling), { timeouts: { document: 100 } })
  await expect(registry.repositories()).rejects.toMatchObject({ code: 'unavailable' })
  await expect(Array.fromAsync(registry.repository('a').tags())).rejects.toMatchObject({
    code: 'unavailable',
  })
  await expect(Array.fromAsync(registry.repository('a').referrers(DIGEST))).rejects.toMatchObject({
    code: 'unavailable',
  })
})

it('follows no link to another host or to an invalid URL', async () => {
  for (const link of ['http://127.0.0.1:1/', 'http://[']) {
    const repository = await answering((_, response) => {
      response.setHeader('Link', `<${link}>; rel="next"`).end('{"tags": []}')
    })
    await expect(Array.fromAsync(repository.tags())).rejects.toMatchObject({ code: 'unsupported' })
  }
})

it('rejects a malformed list of referrers', async () => {
  const repository = await answering((_, response) => void response.end('{}'))
  await expect(Array.fromAsync(repository.referrers(DIGEST))).rejects.toMatchObject({
    code: 'invalid_manifest',
  })
})

it('ignores a malformed digest header, and computes the digest of the content', async () => {
  const manifest = '{"schemaVersion": 2}'
  const repository = await answering((_, response) => {
    response.setHeader('Docker-Content-Digest', '../../x').setHeader('Content-Type', MEDIA_TYPE.manifest)
    response.end(manifest)
  })
  expect(await repository.resolve('v1')).toMatchObject({ digest: digestOf(Buffer.from(manifest)) })
})

it('rejects content that does not match its descriptor', async () => {
  const repository = await answering((_, response) => void response.end('y'))
  const stream = await repository.fetch({ mediaType: 'x', digest: DIGEST, size: 1 })
  await expect(readAll(stream, 10)).rejects.toMatchObject({ code: 'digest_mismatch' })
})

it('lists tags that are missing, unsorted, malformed or of an unknown repository', async () => {
  for (const [body, expected] of [
    ['{"tags": null}', []],
    ['{}', []],
    ['{"tags": ["b", "a"]}', ['a', 'b']],
  ] as const) {
    const repository = await answering((_, response) => void response.end(body))
    expect(await Array.fromAsync(repository.tags())).toEqual(expected)
  }
  const unknown = await answering((_, response) => {
    response.writeHead(404).end('{"errors": [{"code": "NAME_UNKNOWN"}]}')
  })
  await expect(Array.fromAsync(unknown.tags())).rejects.toMatchObject({ code: 'not_found' })
  const odd = await answering((_, response) => void response.end('{"tags": "x"}'))
  await expect(Array.fromAsync(odd.tags())).rejects.toMatchObject({ code: 'unavailable' })
})

it('resolves without the headers of a HEAD response, or without HEAD', async () => {
  const manifest = '{"schemaVersion": 2}'
  for (const status of [200, 405]) {
    const repository = await answering((request, response) => {
      response.setHeader('Content-Type', `${MEDIA_TYPE.manifest}; charset=utf-8`)
      if (request.method === 'HEAD') response.writeHead(status).end()
      else response.end(manifest)
    })
    expect(await repository.resolve('v1')).toEqual({
      mediaType: MEDIA_TYPE.manifest,
      digest: digestOf(Buffer.from(manifest)),
      size: manifest.length,
    })
  }
})

it('rejects a response with another digest than the requested one', async () => {
  const other = digestOf(Buffer.from('other'))
  const repository = await answering((_, response) => {
    response.setHeader('Docker-Content-Digest', other).setHeader('Content-Type', MEDIA_TYPE.manifest).end('x')
  })
  const mismatch = { code: 'digest_mismatch' }
  const blob = { mediaType: 'x', digest: DIGEST, size: 1 }
  await expect(repository.fetch(blob)).rejects.toMatchObject(mismatch)
  await expect(repository.exists(blob)).rejects.toMatchObject(mismatch)
  await expect(repository.resolve(DIGEST)).rejects.toMatchObject(mismatch)
})

it('sends Content-Type only with content, and always a User-Agent', async () => {
  const headers: Record<string, unknown>[] = []
  const repository = await answering((request, response) => {
    headers.push(request.headers)
    response.writeHead(request.method === 'HEAD' ? 404 : request.method === 'POST' ? 202 : 201, {
      Location: '/u',
    })
    request.resume().on('end', () => response.end())
  })
  await repository.push({ mediaType: 'x', digest: DIGEST, size: 1 }, Buffer.from('x'))
  expect(headers.map((each) => each['content-type'])).toEqual([
    undefined,
    undefined,
    'application/octet-stream',
  ])
  expect(headers.every((each) => each['user-agent'] === 'oci-client')).toBe(true)
})
