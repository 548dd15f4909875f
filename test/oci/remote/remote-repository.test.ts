/** A registry at the other end may be anything: what its clients must not be led to. */
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { readAll } from '../../../src/oci/content.ts'
import { digestOf } from '../../../src/oci/digest.ts'
import { MEDIA_TYPE } from '../../../src/oci/media-types.ts'
import { RemoteRegistry } from '../../../src/oci/remote/remote-registry.ts'
import type { Repository } from '../../../src/oci/roles.ts'

const DIGEST = digestOf(Buffer.from('x'))

async function answering(listener: RequestListener): Promise<Repository> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return new RemoteRegistry(new URL(`http://127.0.0.1:${port}`)).repository('a/b')
}

it('follows no redirect to a private address of another host', async () => {
  let asked = false
  const other = createServer((_, response) => {
    asked = true
    response.end('x')
  }).listen(0, '127.0.0.1')
  onTestFinished(() => void other.close())
  await once(other, 'listening')
  const { port } = other.address() as AddressInfo
  const repository = await answering((_, response) => {
    response.writeHead(307, { Location: `http://localhost:${port}/` }).end()
  })
  const blob = { mediaType: 'x', digest: DIGEST, size: 1 }
  await expect(repository.fetch(blob)).rejects.toMatchObject({ code: 'unsupported' })
  expect(asked).toBe(false)
})

it('walks no list in a circle', async () => {
  const repository = await answering((request, response) => {
    response.setHeader('Link', `<${request.url}>; rel="next"`).end('{"tags": ["a"]}')
  })
  await expect(Array.fromAsync(repository.tags())).rejects.toMatchObject({ code: 'unavailable' })
})

it('goes to no page on another host, or at no address', async () => {
  for (const link of ['http://127.0.0.1:1/', 'http://[']) {
    const repository = await answering((_, response) => {
      response.setHeader('Link', `<${link}>; rel="next"`).end('{"tags": []}')
    })
    await expect(Array.fromAsync(repository.tags())).rejects.toMatchObject({ code: 'unsupported' })
  }
})

it('takes no list of referrers that is none', async () => {
  const repository = await answering((_, response) => void response.end('{}'))
  await expect(Array.fromAsync(repository.referrers(DIGEST))).rejects.toMatchObject({
    code: 'invalid_manifest',
  })
})

it('takes no digest that is none, but the one of the content', async () => {
  const manifest = '{"schemaVersion": 2}'
  const repository = await answering((_, response) => {
    response.setHeader('Docker-Content-Digest', '../../x').setHeader('Content-Type', MEDIA_TYPE.manifest)
    response.end(manifest)
  })
  expect(await repository.resolve('v1')).toMatchObject({ digest: digestOf(Buffer.from(manifest)) })
})

it('hands on no content that is not what its descriptor says', async () => {
  const repository = await answering((_, response) => void response.end('y'))
  const stream = await repository.fetch({ mediaType: 'x', digest: DIGEST, size: 1 })
  await expect(readAll(stream, 10)).rejects.toMatchObject({ code: 'digest_mismatch' })
})

it('takes the tags of a repository as they come: none, unsorted, or unknown', async () => {
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

it('resolves where a registry says nothing in the head of an answer, or answers no HEAD', async () => {
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

it('takes nothing that the registry says is something else', async () => {
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

it('sends types without parameters, and says who it is', async () => {
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
