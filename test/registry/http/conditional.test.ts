/** Conditional requests on manifests, with which clients move tags safely. */
import type { Hono } from 'hono'
import { beforeEach, describe, expect, it } from 'vitest'
import { digestOf } from '../../../src/oci/digest.ts'
import { MEDIA_TYPE } from '../../../src/oci/media-types.ts'
import { EmbeddedRegistry } from '../../../src/registry/embedded-registry.ts'
import { createRegistryApp } from '../../../src/registry/http/registry-app.ts'
import { MemoryStore } from '../../../src/registry/store/memory-store.ts'

const TAG = '/v2/a/b/manifests/stable'

let app: Hono

beforeEach(() => {
  app = createRegistryApp(new EmbeddedRegistry(new MemoryStore()))
})

/** Returns an index with a number that makes it unique. */
function manifest(n: number): string {
  const annotations = { n: String(n) }
  return JSON.stringify({ schemaVersion: 2, mediaType: MEDIA_TYPE.index, manifests: [], annotations })
}

function etag(n: number): string {
  return `"${digestOf(Buffer.from(manifest(n)))}"`
}

async function put(n: number, headers: Record<string, string> = {}): Promise<number> {
  const response = await app.request(TAG, {
    method: 'PUT',
    body: manifest(n),
    headers: { 'Content-Type': MEDIA_TYPE.index, ...headers },
  })
  return response.status
}

async function current(): Promise<string | null> {
  return (await app.request(TAG, { method: 'HEAD' })).headers.get('ETag')
}

describe('a conditional GET of a manifest', () => {
  it('answers 304, by tag and by digest, if the client has the manifest', async () => {
    await put(1)
    const digest = etag(1).slice(1, -1)
    for (const reference of ['stable', digest]) {
      for (const known of [etag(1), `"other", W/${etag(1)}`, '*']) {
        const response = await app.request(`/v2/a/b/manifests/${reference}`, {
          headers: { 'If-None-Match': known },
        })
        expect(response.status, known).toBe(304)
        expect(response.headers.get('ETag')).toBe(etag(1))
        expect(await response.text()).toBe('')
      }
    }
  })

  it('answers the manifest if the client has another one', async () => {
    await put(1)
    const response = await app.request(TAG, { headers: { 'If-None-Match': etag(2) } })
    expect(response.status).toBe(200)
    expect(response.headers.get('ETag')).toBe(etag(1))
  })

  it('answers 404 if there is no manifest', async () => {
    expect((await app.request(TAG, { headers: { 'If-None-Match': '*' } })).status).toBe(404)
  })
})

describe('a tag', () => {
  it('is created with If-None-Match only if it does not exist', async () => {
    expect(await put(1, { 'If-None-Match': '*' })).toBe(201)
    expect(await put(2, { 'If-None-Match': '*' })).toBe(412)
    expect(await put(1, { 'If-None-Match': '*' })).toBe(412)
    expect(await current()).toBe(etag(1))
  })

  it('is moved with If-Match only from the expected manifest', async () => {
    expect(await put(1, { 'If-Match': '*' })).toBe(412)
    expect(await current()).toBeNull()
    await put(1)
    expect(await put(2, { 'If-Match': etag(3) })).toBe(412)
    expect(await put(2, { 'If-Match': `W/${etag(1)}` })).toBe(412)
    expect(await current()).toBe(etag(1))
    expect(await put(2, { 'If-Match': `"x", ${etag(1)}` })).toBe(201)
    expect(await put(3, { 'If-Match': '*' })).toBe(201)
    expect(await current()).toBe(etag(3))
  })

  it('is deleted with If-Match only from the expected manifest', async () => {
    const remove = async (headers: Record<string, string>) =>
      (await app.request(TAG, { method: 'DELETE', headers })).status
    expect(await remove({ 'If-Match': '*' })).toBe(412)
    await put(1)
    expect(await remove({ 'If-Match': etag(2) })).toBe(412)
    expect(await remove({ 'If-Match': etag(1) })).toBe(202)
    expect(await current()).toBeNull()
  })

  it('stays unchanged if a conditional header is not a list of ETags', async () => {
    await put(1)
    expect(await put(2, { 'If-Match': 'sha256:x' })).toBe(400)
    expect(await put(2, { 'If-None-Match': '' })).toBe(400)
    expect(await current()).toBe(etag(1))
  })

  it('loses no move when many clients move it concurrently', async () => {
    await put(0)
    const from = new Map<string, number>()
    let next = 1
    const client = async (): Promise<void> => {
      for (let moved = 0; moved < 20; ) {
        const seen = (await current()) ?? ''
        const status = await put(next++, { 'If-Match': seen })
        if (status !== 201) expect(status).toBe(412)
        else {
          from.set(seen, (from.get(seen) ?? 0) + 1)
          moved++
        }
      }
    }
    await Promise.all(Array.from({ length: 8 }, client))
    // Each state was left by exactly one move.
    expect([...from.values()]).toEqual(Array(160).fill(1))
  })
})
