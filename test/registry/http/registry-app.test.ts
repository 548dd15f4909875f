/** The HTTP API of the registry, endpoint by endpoint: https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md */
import { createHash } from 'node:crypto'
import type { Hono } from 'hono'
import { beforeEach, describe, expect, it } from 'vitest'
import { forClient } from '../../../src/core/client.ts'
import { digestOf } from '../../../src/oci/digest.ts'
import { MEDIA_TYPE } from '../../../src/oci/media-types.ts'
import { EmbeddedRegistry } from '../../../src/registry/embedded-registry.ts'
import { createRegistryApp } from '../../../src/registry/http/registry-app.ts'
import { referrerKey } from '../../../src/registry/keys.ts'
import { MemoryStore } from '../../../src/registry/store/memory-store.ts'

const BLOB = Buffer.from('a blob of some bytes')
const DIGEST = digestOf(BLOB)
const INDEX_TYPE = MEDIA_TYPE.index

let app: Hono
let registry: EmbeddedRegistry
let store: MemoryStore

beforeEach(() => {
  store = new MemoryStore()
  registry = new EmbeddedRegistry(store)
  app = createRegistryApp(registry)
})

type Init = { headers?: Record<string, string>; body?: string | Uint8Array }

async function call(method: string, path: string, init: Init = {}) {
  const response = await app.request(path, { method, ...init } as RequestInit)
  const bytes = Buffer.from(await response.arrayBuffer())
  const code =
    response.status >= 400 && bytes.length > 0 ? JSON.parse(bytes.toString()).errors[0].code : undefined
  return { status: response.status, headers: response.headers, bytes, code, text: bytes.toString() }
}

async function start(repository = 'a/b'): Promise<string> {
  const { headers } = await call('POST', `/v2/${repository}/blobs/uploads/`)
  return headers.get('Location') ?? ''
}

async function pushBlob(blob: Uint8Array = BLOB, repository = 'a/b'): Promise<string> {
  const { status, headers } = await call('PUT', `${await start(repository)}?digest=${digestOf(blob)}`, {
    body: blob,
  })
  expect(status).toBe(201)
  return headers.get('Location') ?? ''
}

function manifestOf(more: object = {}, layers: Uint8Array[] = [BLOB]): string {
  const descriptor = (blob: Uint8Array) => ({
    mediaType: 'application/x',
    digest: digestOf(blob),
    size: blob.length,
  })
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.manifest,
    config: descriptor(BLOB),
    layers: layers.map(descriptor),
    ...more,
  })
}

async function pushManifest(reference: string, body = manifestOf(), type: string = MEDIA_TYPE.manifest) {
  return call('PUT', `/v2/a/b/manifests/${reference}`, { body, headers: { 'Content-Type': type } })
}

describe('the base endpoint', () => {
  it('answers with and without a trailing slash', async () => {
    for (const path of ['/v2/', '/v2']) expect((await call('GET', path)).status).toBe(200)
  })

  it('answers unknown paths with an error of the spec', async () => {
    expect(await call('GET', '/v2/a/b/nonsense')).toMatchObject({ status: 404, code: 'UNSUPPORTED' })
  })

  it.each(['A/b', 'a//b', '.a', 'a/_b', 'a/b-', 'x'.repeat(256)])(
    'rejects the repository name %s',
    async (name) => {
      expect(await call('GET', `/v2/${name}/tags/list`)).toMatchObject({ status: 400, code: 'NAME_INVALID' })
      expect(await call('POST', `/v2/${name}/blobs/uploads/`)).toMatchObject({
        status: 400,
        code: 'NAME_INVALID',
      })
    },
  )
})

describe('pushing a blob', () => {
  it('works with POST and PUT, as in oras', async () => {
    const location = await start()
    expect(location).toMatch(/^\/v2\/a\/b\/blobs\/uploads\/[-0-9a-f]+$/)
    const put = await call('PUT', `${location}?digest=${DIGEST}`, { body: BLOB })
    expect(put.status).toBe(201)
    expect(put.headers.get('Location')).toBe(`/v2/a/b/blobs/${DIGEST}`)
    expect(put.headers.get('Docker-Content-Digest')).toBe(DIGEST)
  })

  it('works with POST, PATCH and PUT, as in go-containerregistry', async () => {
    const location = await start()
    const patch = await call('PATCH', location, { body: BLOB })
    expect(patch.status).toBe(202)
    expect(patch.headers.get('Range')).toBe(`0-${BLOB.length - 1}`)
    expect((await call('PUT', `${patch.headers.get('Location')}?digest=${DIGEST}`)).status).toBe(201)
  })

  it('works with a single POST', async () => {
    const post = await call('POST', `/v2/a/b/blobs/uploads/?digest=${DIGEST}`, { body: BLOB })
    expect(post).toMatchObject({ status: 201 })
    expect(await call('GET', post.headers.get('Location') ?? '')).toMatchObject({
      status: 200,
      text: BLOB.toString(),
    })
  })

  it('works in chunks, which must be in order, and can be resumed', async () => {
    const location = await start()
    const chunk = (from: number, to: number) =>
      call('PATCH', location, {
        body: BLOB.subarray(from, to + 1),
        headers: { 'Content-Range': `${from}-${to}` },
      })
    expect(await chunk(0, 4)).toMatchObject({ status: 202 })
    expect(await chunk(8, 9)).toMatchObject({ status: 416, code: 'BLOB_UPLOAD_INVALID' })
    expect((await chunk(0, 4)).headers.get('Range')).toBe('0-4')
    const status = await call('GET', location)
    expect(status).toMatchObject({ status: 204 })
    expect(status.headers.get('Range')).toBe('0-4')
    expect((await chunk(5, 9)).status).toBe(202)
    const last = await call('PUT', `${location}?digest=${DIGEST}`, {
      body: BLOB.subarray(10),
      headers: { 'Content-Range': `10-${BLOB.length - 1}` },
    })
    expect(last.status).toBe(201)
  })

  it('rejects a chunk that does not match its range, and keeps nothing of it', async () => {
    const location = await start()
    for (const range of ['0-1', '0-99']) {
      const wrong = await call('PATCH', location, { body: BLOB, headers: { 'Content-Range': range } })
      expect(wrong).toMatchObject({ status: 400, code: 'SIZE_INVALID' })
    }
    expect(
      await call('PATCH', location, { body: BLOB, headers: { 'Content-Range': 'bytes 0-19' } }),
    ).toMatchObject({ status: 400 })
    expect((await call('PUT', `${location}?digest=${DIGEST}`, { body: BLOB })).status).toBe(201)
  })

  it('rejects content with another digest, and keeps nothing of it', async () => {
    const wrong = digestOf(Buffer.from('other'))
    expect(await call('PUT', `${await start()}?digest=${wrong}`, { body: BLOB })).toMatchObject({
      status: 400,
      code: 'DIGEST_INVALID',
    })
    expect(await call('POST', `/v2/a/b/blobs/uploads/?digest=${wrong}`, { body: BLOB })).toMatchObject({
      status: 400,
      code: 'DIGEST_INVALID',
    })
    for (const digest of [wrong, DIGEST])
      expect((await call('HEAD', `/v2/a/b/blobs/${digest}`)).status).toBe(404)
  })

  it.each(['', '?digest=', '?digest=sha256:abc', '?digest=md5:abc'])(
    'rejects a PUT with the query %j',
    async (query) => {
      expect(await call('PUT', `${await start()}${query}`, { body: BLOB })).toMatchObject({
        status: 400,
        code: 'DIGEST_INVALID',
      })
    },
  )

  it('supports sha512, announced or not', async () => {
    const sha512 = `sha512:${createHash('sha512').update(BLOB).digest('hex')}`
    expect((await call('PUT', `${await start()}?digest=${sha512}`, { body: BLOB })).status).toBe(201)
    const announced = await call('POST', '/v2/a/c/blobs/uploads/?digest-algorithm=sha512')
    expect(
      (await call('PUT', `${announced.headers.get('Location')}?digest=${sha512}`, { body: BLOB })).status,
    ).toBe(201)
    const got = await call('GET', `/v2/a/c/blobs/${sha512}`)
    expect(got.headers.get('Docker-Content-Digest')).toBe(sha512)
  })

  it('forgets a cancelled upload, and does not find one of another repository', async () => {
    const location = await start()
    const elsewhere = location.replace('/a/b/', '/a/c/')
    expect(await call('PATCH', elsewhere, { body: BLOB })).toMatchObject({
      status: 404,
      code: 'BLOB_UPLOAD_UNKNOWN',
    })
    expect((await call('DELETE', location)).status).toBe(204)
    for (const method of ['GET', 'PATCH', 'DELETE']) {
      expect(await call(method, location)).toMatchObject({ status: 404, code: 'BLOB_UPLOAD_UNKNOWN' })
    }
  })

  it('refuses further uploads when there are a thousand, and keeps each of these', async () => {
    const [begun, empty] = [await start(), await start()]
    await call('PATCH', begun, { body: BLOB.subarray(0, 2) })
    const more = await Promise.all(Array.from({ length: 1008 }, () => call('POST', '/v2/x/y/blobs/uploads/')))
    const refused = more.filter(({ status }) => status === 429)
    expect(refused).toHaveLength(10)
    expect(refused[0]?.headers.get('Retry-After')).toBe('60')
    expect(refused[0]?.code).toBe('TOOMANYREQUESTS')
    expect((await call('PATCH', begun, { body: BLOB.subarray(2) })).status).toBe(202)
    expect((await call('PUT', `${begun}?digest=${DIGEST}`)).status).toBe(201)
    expect((await call('PUT', `${empty}?digest=${DIGEST}`, { body: BLOB })).status).toBe(201)
    expect((await call('POST', '/v2/x/y/blobs/uploads/')).status).toBe(202)
  })

  it('leaves half of the uploads to other clients', async () => {
    const begin = () => call('POST', '/v2/x/y/blobs/uploads/')
    const many = await forClient('one', () => Promise.all(Array.from({ length: 600 }, begin)))
    expect(many.filter(({ status }) => status === 429)).toHaveLength(100)
    expect((await forClient('two', begin)).status).toBe(202)
  })

  it('makes room for uploads by dropping those that have received nothing for a minute', async () => {
    let now = Date.now()
    app = createRegistryApp(new EmbeddedRegistry(store, { now: () => now }))
    const [begun, empty] = [await start(), await start()]
    await call('PATCH', begun, { body: BLOB })
    for (let i = 2; i < 1000; i++) await start()
    now += 61_000
    expect((await call('GET', empty)).status).toBe(204)
    await start()
    expect((await call('GET', empty)).status).toBe(404)
    expect((await call('PUT', `${begun}?digest=${DIGEST}`)).status).toBe(201)
  })

  it('drops idle uploads', async () => {
    const location = await start()
    await registry.uploads.dropIdle(Date.now() - 1000)
    expect((await call('GET', location)).status).toBe(204)
    await registry.uploads.dropIdle(Date.now() + 1)
    expect((await call('GET', location)).status).toBe(404)
  })

  it('mounts a blob of another repository, or starts an upload if that does not have it', async () => {
    await pushBlob()
    const mounted = await call('POST', `/v2/x/y/blobs/uploads/?mount=${DIGEST}&from=a/b`)
    expect(mounted.status).toBe(201)
    expect(mounted.headers.get('Location')).toBe(`/v2/x/y/blobs/${DIGEST}`)
    expect((await call('HEAD', `/v2/x/y/blobs/${DIGEST}`)).status).toBe(200)
    const other = digestOf(Buffer.from('other'))
    for (const query of [
      `mount=${other}&from=a/b`,
      `mount=${DIGEST}&from=no/where`,
      `mount=${DIGEST}`,
      `mount=x&from=a/b`,
    ]) {
      expect((await call('POST', `/v2/z/z/blobs/uploads/?${query}`)).status, query).toBe(202)
    }
  })
})

describe('pulling a blob', () => {
  it('returns its bytes, with its size and digest in headers', async () => {
    await pushBlob()
    const got = await call('GET', `/v2/a/b/blobs/${DIGEST}`)
    expect(got).toMatchObject({ status: 200, text: BLOB.toString() })
    const head = await call('HEAD', `/v2/a/b/blobs/${DIGEST}`)
    expect(head.bytes).toHaveLength(0)
    for (const { headers } of [got, head]) {
      expect(headers.get('Content-Length')).toBe(String(BLOB.length))
      expect(headers.get('Docker-Content-Digest')).toBe(DIGEST)
      expect(headers.get('Accept-Ranges')).toBe('bytes')
    }
  })

  it.each([
    ['bytes=2-5', 206, '2-5'],
    ['bytes=5-', 206, `5-${BLOB.length - 1}`],
    ['bytes=-3', 206, `${BLOB.length - 3}-${BLOB.length - 1}`],
    ['bytes=-999', 206, `0-${BLOB.length - 1}`],
    ['bytes=3-999', 206, `3-${BLOB.length - 1}`],
  ])('returns the range %s', async (range, status, part) => {
    await pushBlob()
    const got = await call('GET', `/v2/a/b/blobs/${DIGEST}`, { headers: { Range: range } })
    expect(got.status).toBe(status)
    expect(got.headers.get('Content-Range')).toBe(`bytes ${part}/${BLOB.length}`)
    const [from = 0, to = 0] = part.split('-').map(Number)
    expect(got.text).toBe(BLOB.subarray(from, to + 1).toString())
    expect(got.headers.get('Content-Length')).toBe(String(to - from + 1))
  })

  it.each(['bytes=999-', 'bytes=5-2', 'bytes=-0'])('answers 416 to the range %s', async (range) => {
    await pushBlob()
    const got = await call('GET', `/v2/a/b/blobs/${DIGEST}`, { headers: { Range: range } })
    expect(got.status).toBe(416)
    expect(got.headers.get('Content-Range')).toBe(`bytes */${BLOB.length}`)
  })

  it.each(['lines=1-2', 'bytes=a-b', 'bytes=-', 'bytes=0-1,3-4'])('ignores the range %s', async (range) => {
    await pushBlob()
    expect((await call('GET', `/v2/a/b/blobs/${DIGEST}`, { headers: { Range: range } })).status).toBe(200)
  })

  it('works for the empty blob', async () => {
    const location = await pushBlob(new Uint8Array(0))
    const got = await call('GET', location)
    expect(got).toMatchObject({ status: 200, text: '' })
    expect(got.headers.get('Content-Length')).toBe('0')
  })

  it('fails for a blob of another repository and for an invalid digest', async () => {
    await pushBlob()
    expect(await call('GET', `/v2/a/c/blobs/${DIGEST}`)).toMatchObject({ status: 404, code: 'BLOB_UNKNOWN' })
    expect(await call('GET', '/v2/a/b/blobs/sha256:abc')).toMatchObject({
      status: 400,
      code: 'DIGEST_INVALID',
    })
  })

  it('fails after a deletion, in this repository only', async () => {
    await pushBlob()
    await pushBlob(BLOB, 'a/c')
    expect((await call('DELETE', `/v2/a/b/blobs/${DIGEST}`)).status).toBe(202)
    expect(await call('DELETE', `/v2/a/b/blobs/${DIGEST}`)).toMatchObject({
      status: 404,
      code: 'BLOB_UNKNOWN',
    })
    expect((await call('GET', `/v2/a/b/blobs/${DIGEST}`)).status).toBe(404)
    expect((await call('GET', `/v2/a/c/blobs/${DIGEST}`)).status).toBe(200)
  })
})

describe('a manifest', () => {
  beforeEach(() => pushBlob())

  it('is returned byte for byte, by tag and by digest, with its type', async () => {
    const body = ` ${manifestOf({ 'x-unknown': [1, 2] })}\n`
    const put = await pushManifest('v1', body)
    const digest = digestOf(Buffer.from(body))
    expect(put.status).toBe(201)
    expect(put.headers.get('Docker-Content-Digest')).toBe(digest)
    expect(put.headers.get('Location')).toBe(`/v2/a/b/manifests/${digest}`)
    for (const reference of ['v1', digest]) {
      for (const method of ['GET', 'HEAD']) {
        const got = await call(method, `/v2/a/b/manifests/${reference}`)
        expect(got.status).toBe(200)
        expect(got.headers.get('Content-Type')).toBe(MEDIA_TYPE.manifest)
        expect(got.headers.get('Docker-Content-Digest')).toBe(digest)
        expect(got.headers.get('Content-Length')).toBe(String(body.length))
        expect(got.text).toBe(method === 'GET' ? body : '')
      }
    }
  })

  it('can be pushed by digest', async () => {
    const digest = digestOf(Buffer.from(manifestOf()))
    expect((await pushManifest(digest)).status).toBe(201)
    expect((await pushManifest(digest)).status).toBe(201)
    const other = digestOf(Buffer.from('other'))
    expect(await pushManifest(other)).toMatchObject({ status: 400, code: 'DIGEST_INVALID' })
    expect(await pushManifest('sha256:abc')).toMatchObject({ status: 400, code: 'DIGEST_INVALID' })
    const sha512 = digestOf(Buffer.from(manifestOf()), 'sha512')
    expect((await pushManifest(sha512)).headers.get('Docker-Content-Digest')).toBe(sha512)
    expect((await call('HEAD', `/v2/a/b/manifests/${sha512}`)).headers.get('Docker-Content-Digest')).toBe(
      sha512,
    )
  })

  it('needs neither a mediaType nor a Content-Type', async () => {
    const plain = JSON.stringify({ ...JSON.parse(manifestOf()), mediaType: undefined })
    expect((await pushManifest('plain', plain)).status).toBe(201)
    expect(
      (await call('PUT', '/v2/a/b/manifests/none', { body: new TextEncoder().encode(manifestOf()) })).status,
    ).toBe(201)
    expect((await call('GET', '/v2/a/b/manifests/plain')).headers.get('Content-Type')).toBe(
      MEDIA_TYPE.manifest,
    )
  })

  it.each([
    ['not JSON', 'hello'],
    ['an array', '[]'],
    ['another version', manifestOf({ schemaVersion: 1 })],
    ['no config', manifestOf({ config: undefined })],
    ['no layers', manifestOf({ layers: undefined })],
    ['a layer without a digest', manifestOf({ layers: [{ mediaType: 'x', size: 1 }] })],
    ['a negative size', manifestOf({ layers: [{ mediaType: 'x', digest: DIGEST, size: -1 }] })],
    ['a subject that is not a descriptor', manifestOf({ subject: {} })],
    ['a type that differs from the Content-Type', manifestOf({ mediaType: INDEX_TYPE })],
    ['manifests that are not an array', manifestOf({ config: undefined, layers: undefined, manifests: {} })],
    ['both an image and an index', manifestOf({ manifests: [] })],
    ['an artifactType that is not a string', manifestOf({ artifactType: 5 })],
    ['an annotation that is not a string', manifestOf({ annotations: { a: 1 } })],
    ['annotations that are an array', manifestOf({ annotations: ['a'] })],
    ['a byte order mark', `\ufeff${manifestOf()}`],
    ['a second list of layers, for case-insensitive parsers', manifestOf({ Layers: [] })],
    [
      'a second digest, for case-insensitive parsers',
      manifestOf({ layers: [{ mediaType: 'x', digest: DIGEST, Digest: DIGEST, size: 20 }] }),
    ],
    [
      'URLs that are not an array',
      manifestOf({ layers: [{ mediaType: 'x', digest: DIGEST, size: 1, urls: 'x' }] }),
    ],
  ])('is rejected with %s', async (_, body) => {
    expect(await pushManifest('v1', body)).toMatchObject({ status: 400, code: 'MANIFEST_INVALID' })
    expect((await call('GET', '/v2/a/b/manifests/v1')).status).toBe(404)
  })

  it('is rejected when it does not have the type that it declares', async () => {
    const image = manifestOf({ mediaType: INDEX_TYPE })
    expect((await pushManifest('v1', image, INDEX_TYPE)).status).toBe(400)
    for (const mediaType of [MEDIA_TYPE.manifest, MEDIA_TYPE.dockerManifest]) {
      const index = JSON.stringify({ schemaVersion: 2, mediaType, manifests: [] })
      expect((await pushManifest('v1', index, mediaType)).status, mediaType).toBe(400)
    }
  })

  it('is rejected when it has an unknown type', async () => {
    const type = 'application/vnd.example.manifest'
    expect(await pushManifest('v1', manifestOf({ mediaType: type }), type)).toMatchObject({
      status: 400,
      code: 'MANIFEST_INVALID',
    })
  })

  it('needs its blobs, except those with URLs', async () => {
    const missing = Buffer.from('missing')
    expect(await pushManifest('v1', manifestOf({}, [missing]))).toMatchObject({
      status: 404,
      code: 'MANIFEST_BLOB_UNKNOWN',
    })
    const foreign = { mediaType: 'x', digest: digestOf(missing), size: 7, urls: ['https://example.com/x'] }
    expect((await pushManifest('v1', manifestOf({ layers: [foreign] }))).status).toBe(201)
    expect((await pushManifest('v2', manifestOf({ layers: [{ ...foreign, urls: [] }] }))).status).toBe(404)
    expect((await pushManifest('v2', manifestOf({ layers: [] }))).status).toBe(201)
  })

  it('can be an index, even an empty one or one of missing manifests', async () => {
    const index = (manifests: object[]) =>
      JSON.stringify({ schemaVersion: 2, mediaType: INDEX_TYPE, manifests })
    expect((await pushManifest('v1', index([]), INDEX_TYPE)).status).toBe(201)
    const elsewhere = { mediaType: MEDIA_TYPE.manifest, digest: digestOf(Buffer.from('x')), size: 1 }
    expect((await pushManifest('v1', index([elsewhere]), INDEX_TYPE)).status).toBe(201)
    expect((await call('GET', '/v2/a/b/manifests/v1')).headers.get('Content-Type')).toBe(INDEX_TYPE)
  })

  it('can have up to 4 MiB', async () => {
    const filled = (size: number) => {
      const empty = manifestOf({ annotations: { x: '' } })
      return manifestOf({ annotations: { x: 'x'.repeat(size - empty.length) } })
    }
    expect((await pushManifest('v1', filled(4 * 1024 * 1024))).status).toBe(201)
    expect(await pushManifest('v1', filled(4 * 1024 * 1024 + 1))).toMatchObject({
      status: 413,
      code: 'MANIFEST_INVALID',
    })
  })

  it('can be pushed by digest with several tags, and either all or none are set', async () => {
    await pushBlob()
    const body = manifestOf()
    const put = (query: string) =>
      call('PUT', `/v2/a/b/manifests/${digestOf(Buffer.from(body))}?${query}`, {
        body,
        headers: { 'Content-Type': MEDIA_TYPE.manifest },
      })
    const pushed = await put('tag=1.2.3&tag=1.2&tag=latest&tag=1.2')
    expect(pushed.status).toBe(201)
    expect(pushed.headers.get('OCI-Tag')).toBe('1.2.3, 1.2, latest')
    expect(JSON.parse((await call('GET', '/v2/a/b/tags/list')).text).tags).toEqual(['1.2', '1.2.3', 'latest'])
    expect(await put('tag=x&tag=.y')).toMatchObject({ status: 400, code: 'TAG_INVALID' })
    expect((await put(Array.from({ length: 101 }, (_, i) => `tag=t${i}`).join('&'))).status).toBe(414)
    expect(JSON.parse((await call('GET', '/v2/a/b/tags/list')).text).tags).toHaveLength(3)
  })

  it('moves a tag that points to another one', async () => {
    await pushManifest('x')
    const second = await pushManifest('x', manifestOf({ annotations: { n: '2' } }))
    expect((await call('HEAD', '/v2/a/b/manifests/x')).headers.get('Docker-Content-Digest')).toBe(
      second.headers.get('Docker-Content-Digest'),
    )
  })

  it('is deleted with all its tags, and stays when only a tag is deleted', async () => {
    const digest = (await pushManifest('x')).headers.get('Docker-Content-Digest')
    await pushManifest('y')
    expect((await call('DELETE', '/v2/a/b/manifests/x')).status).toBe(202)
    expect(await call('DELETE', '/v2/a/b/manifests/x')).toMatchObject({
      status: 404,
      code: 'MANIFEST_UNKNOWN',
    })
    expect((await call('GET', '/v2/a/b/manifests/y')).status).toBe(200)
    expect((await call('DELETE', `/v2/a/b/manifests/${digest}`)).status).toBe(202)
    for (const reference of ['y', digest]) {
      expect(await call('GET', `/v2/a/b/manifests/${reference}`)).toMatchObject({
        status: 404,
        code: 'MANIFEST_UNKNOWN',
      })
    }
  })

  it('is not found under unknown or invalid references', async () => {
    expect(await call('PUT', '/v2/a/b/manifests/.x', { body: manifestOf() })).toMatchObject({
      status: 400,
      code: 'TAG_INVALID',
    })
    for (const method of ['GET', 'DELETE']) {
      expect(await call(method, '/v2/a/b/manifests/.x')).toMatchObject({
        status: 404,
        code: 'MANIFEST_UNKNOWN',
      })
    }
    expect(await call('GET', '/v2/a/b/manifests/sha256:x')).toMatchObject({
      status: 400,
      code: 'DIGEST_INVALID',
    })
    expect(await call('GET', '/v2/a/b/manifests/x')).toMatchObject({ status: 404, code: 'MANIFEST_UNKNOWN' })
    expect(await call('GET', '/v2/no/where/manifests/x')).toMatchObject({ status: 404 })
  })
})

describe('a listing', () => {
  beforeEach(() => pushBlob())

  it('returns tags in ASCII order, page by page, with relative links', async () => {
    for (const tag of ['b', 'a', 'B', '10', '9']) await pushManifest(tag)
    expect(JSON.parse((await call('GET', '/v2/a/b/tags/list')).text)).toEqual({
      name: 'a/b',
      tags: ['10', '9', 'B', 'a', 'b'],
    })
    const first = await call('GET', '/v2/a/b/tags/list?n=2')
    expect(JSON.parse(first.text).tags).toEqual(['10', '9'])
    expect(first.headers.get('Link')).toBe('</v2/a/b/tags/list?n=2&last=9>; rel="next"')
    const rest = await call('GET', '/v2/a/b/tags/list?n=3&last=9')
    expect(JSON.parse(rest.text).tags).toEqual(['B', 'a', 'b'])
    expect(rest.headers.get('Link')).toBeNull()
    expect(JSON.parse((await call('GET', '/v2/a/b/tags/list?last=A')).text).tags).toEqual(['B', 'a', 'b'])
    const none = await call('GET', '/v2/a/b/tags/list?n=0')
    expect(JSON.parse(none.text).tags).toEqual([])
    expect(none.headers.get('Link')).toBeNull()
    expect(await call('GET', '/v2/a/b/tags/list?n=-1')).toMatchObject({
      status: 400,
      code: 'PAGINATION_NUMBER_INVALID',
    })
  })

  it('answers 404 for the tags of an unknown repository', async () => {
    expect(await call('GET', '/v2/no/where/tags/list')).toMatchObject({ status: 404, code: 'NAME_UNKNOWN' })
  })

  it('returns repositories, including nested ones', async () => {
    for (const name of ['z', 'a/b/c', 'a']) {
      await pushBlob(BLOB, name)
      await call('PUT', `/v2/${name}/manifests/x`, {
        body: manifestOf(),
        headers: { 'Content-Type': MEDIA_TYPE.manifest },
      })
    }
    await pushManifest('x')
    await pushBlob(BLOB, 'only/a-blob')
    expect(JSON.parse((await call('GET', '/v2/_catalog')).text)).toEqual({
      repositories: ['a', 'a/b', 'a/b/c', 'z'],
    })
    const page = await call('GET', '/v2/_catalog?n=2&last=a')
    expect(JSON.parse(page.text)).toEqual({ repositories: ['a/b', 'a/b/c'] })
    expect(page.headers.get('Link')).toBe('</v2/_catalog?n=2&last=a%2Fb%2Fc>; rel="next"')
  })

  it('returns the referrers of a manifest, even of a missing one', async () => {
    const subject = {
      mediaType: MEDIA_TYPE.manifest,
      digest: digestOf(Buffer.from('never pushed yet')),
      size: 16,
    }
    const empty = await call('GET', `/v2/no/where/referrers/${subject.digest}`)
    expect(empty.status).toBe(200)
    expect(empty.headers.get('Content-Type')).toBe(INDEX_TYPE)
    expect(JSON.parse(empty.text)).toEqual({ schemaVersion: 2, mediaType: INDEX_TYPE, manifests: [] })

    const signed = await pushManifest(
      'sig',
      manifestOf({ subject, artifactType: 'application/sig', annotations: { a: 'b' } }),
    )
    expect(signed.headers.get('OCI-Subject')).toBe(subject.digest)
    await pushManifest('plain', manifestOf({ subject }))
    const all = await call('GET', `/v2/a/b/referrers/${subject.digest}`)
    expect(
      JSON.parse(all.text)
        .manifests.map((m: { artifactType: string }) => m.artifactType)
        .sort(),
    ).toEqual(['application/sig', 'application/x'])
    const filtered = await call('GET', `/v2/a/b/referrers/${subject.digest}?artifactType=application/sig`)
    expect(filtered.headers.get('OCI-Filters-Applied')).toBe('artifactType')
    expect(JSON.parse(filtered.text).manifests).toEqual([
      {
        mediaType: MEDIA_TYPE.manifest,
        digest: signed.headers.get('Docker-Content-Digest'),
        size: expect.any(Number),
        artifactType: 'application/sig',
        annotations: { a: 'b' },
      },
    ])
    const unfiltered = await call('GET', `/v2/a/b/referrers/${subject.digest}?artifactType=`)
    expect(unfiltered.text).toBe(all.text)
    expect(unfiltered.headers.get('OCI-Filters-Applied')).toBeNull()
    expect(await call('GET', '/v2/a/b/referrers/sha256:x')).toMatchObject({
      status: 400,
      code: 'DIGEST_INVALID',
    })
  })

  it('leaves out a referrer whose manifest was not stored because of a crash', async () => {
    const digest = digestOf(Buffer.from('never stored'))
    const entry = { mediaType: MEDIA_TYPE.manifest, digest, size: 12 }
    await store.put(referrerKey('a/b', DIGEST, digest), Buffer.from(JSON.stringify(entry)))
    const { text } = await call('GET', `/v2/a/b/referrers/${DIGEST}`)
    expect(JSON.parse(text).manifests).toEqual([])
  })

  it('returns many referrers on pages of less than 4 MiB', async () => {
    const subject = { mediaType: MEDIA_TYPE.manifest, digest: DIGEST, size: 1 }
    const sizes = [...Array(12).fill(250_000), 4_100_000]
    for (const [at, size] of sizes.entries()) {
      const annotations = { at: String(at), a: 'x'.repeat(size) }
      expect((await pushManifest(`s${at}`, manifestOf({ subject, annotations }))).status).toBe(201)
    }
    const found: string[] = []
    let pages = 0
    let next: string | undefined = `/v2/a/b/referrers/${DIGEST}?artifactType=application/x`
    while (next) {
      const page = await call('GET', next)
      expect(page.bytes.length).toBeLessThan(4 * 1024 * 1024)
      for (const { digest } of JSON.parse(page.text).manifests) found.push(digest)
      pages++
      next = /^<(\/v2[^>]+)>; rel="next"$/.exec(page.headers.get('Link') ?? '')?.[1]
    }
    expect(pages).toBeGreaterThan(1)
    expect(new Set(found).size).toBe(sizes.length)
    expect(found).toEqual([...found].sort())
  })
})

describe('a manifest that refers to very much', () => {
  const put = (manifests: object[], name = 'x') =>
    call('PUT', `/v2/a/b/manifests/${name}`, {
      headers: { 'Content-Type': INDEX_TYPE },
      body: JSON.stringify({ schemaVersion: 2, mediaType: INDEX_TYPE, manifests }),
    })
  const child = (digest: string) => ({ mediaType: INDEX_TYPE, digest, size: 1 })

  it('looks for each child once', async () => {
    const { headers } = await put([])
    const digest = headers.get('Docker-Content-Digest') ?? ''
    let looked = 0
    const { stat } = store
    store.stat = async (key) => {
      looked++
      return stat.call(store, key)
    }
    const same = await put(Array.from({ length: 5000 }, () => child(digest)))
    expect(same.status).toBe(201)
    expect(looked).toBeLessThan(20)
  })

  it('is refused if it has more values than a reader needs', async () => {
    const digests = Array.from({ length: 15_000 }, (_, at) => digestOf(Buffer.from(String(at))))
    const refused = await put(digests.map(child))
    expect(refused).toMatchObject({ status: 400, code: 'MANIFEST_INVALID' })
    expect(refused.text).toContain('it has too many values')
  })
})

it('lists ten thousand tags at most at once, with a link to the rest', async () => {
  const { headers } = await call('PUT', '/v2/a/b/manifests/x', {
    headers: { 'Content-Type': INDEX_TYPE },
    body: JSON.stringify({ schemaVersion: 2, mediaType: INDEX_TYPE, manifests: [] }),
  })
  const digest = headers.get('Docker-Content-Digest') ?? ''
  const tags = Array.from({ length: 10_005 }, (_, at) => `t${String(at).padStart(5, '0')}`)
  await registry.manifests.tag('a/b', digest, tags)
  const listed: string[] = []
  let path = '/v2/a/b/tags/list'
  const pages: number[] = []
  while (path !== '') {
    const page = await call('GET', path)
    const items: string[] = JSON.parse(page.text).tags
    pages.push(items.length)
    listed.push(...items)
    path = /<(.+)>; rel="next"/.exec(page.headers.get('Link') ?? '')?.[1] ?? ''
  }
  expect(pages).toEqual([10_000, 6])
  expect(listed).toEqual([...tags, 'x'])
  const more = await call('GET', '/v2/a/b/tags/list?n=999999')
  expect(JSON.parse(more.text).tags).toHaveLength(10_000)
})
