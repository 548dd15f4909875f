import { randomBytes } from 'node:crypto'
import { expect, it } from 'vitest'
import { digestOf } from '../../../src/oci/digest.ts'
import { EmbeddedRegistry } from '../../../src/registry/embedded-registry.ts'
import { createRegistryApp } from '../../../src/registry/http/registry-app.ts'
import { fakeS3, s3StoreOn } from '../../support/s3/store.ts'

async function get(redirects: boolean, size: number, init?: RequestInit) {
  const fake = await fakeS3()
  const registry = new EmbeddedRegistry(await s3StoreOn(fake.url, undefined, { redirects }))
  const bytes = randomBytes(size)
  const digest = digestOf(bytes)
  await registry.blobs.put('a', digest, bytes)
  const response = await createRegistryApp(registry).request(`/v2/a/blobs/${digest}`, init)
  return { bytes, digest, response }
}

it('redirects clients to S3 for large blobs if redirects are enabled', async () => {
  const { bytes, response } = await get(true, 100_000)
  expect(response.status).toBe(307)
  const followed = await fetch(response.headers.get('Location') ?? '', { headers: { Range: 'bytes=5-9' } })
  expect(followed.status).toBe(206)
  expect(Buffer.from(await followed.arrayBuffer())).toEqual(bytes.subarray(5, 10))
})

it('serves small blobs and HEAD requests itself, and everything if redirects are disabled', async () => {
  for (const { bytes, response } of [await get(true, 1000), await get(false, 100_000)]) {
    expect(response.status).toBe(200)
    expect(Buffer.compare(Buffer.from(await response.arrayBuffer()), bytes)).toBe(0)
  }
  const head = await get(true, 100_000, { method: 'HEAD' })
  expect([head.response.status, head.response.headers.get('Content-Length')]).toEqual([200, '100000'])
})
