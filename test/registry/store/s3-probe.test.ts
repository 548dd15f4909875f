import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { capabilityWarnings } from '../../../src/registry/store/s3/capabilities.ts'
import { fakeS3, s3StoreOn } from '../../support/s3/store.ts'

const FAKE = undefined
const ALL = { creates: true, replaces: true, deletes: true, atomic: true, lists: true }

describe('the probe of an S3 server', () => {
  it('finds all capabilities of a complete server, and leaves nothing behind', async () => {
    const fake = await fakeS3()
    const stores = [
      await s3StoreOn(fake.url, FAKE, { prefix: 'p' }),
      await s3StoreOn(fake.url, FAKE, { prefix: 'p' }),
    ]
    expect(await Promise.all(stores.map((store) => store.probe()))).toEqual([ALL, ALL])
    expect(fake.bucket.objects.size).toBe(0)
  })

  it.each([
    [
      { ifNoneMatch: false },
      { creates: false },
      /If-None-Match on PUT: if two processes create the same tag/,
    ],
    [{ ifMatch: false }, { replaces: false }, /If-Match on PUT: if two processes move the same tag/],
    [{ ifMatchOnDelete: false }, { deletes: false }, /If-Match on DELETE: if one process moves a tag/],
    [{ lists: false }, { lists: false }, /lists late what was written/],
  ])('finds and explains a missing capability: %o', async (honours, missing, sentence) => {
    const fake = await fakeS3(honours)
    const capabilities = await (await s3StoreOn(fake.url)).probe()
    expect(capabilities).toEqual({ ...ALL, ...missing })
    expect(capabilityWarnings(capabilities)).toEqual([expect.stringMatching(sentence)])
    expect(fake.bucket.objects.size).toBe(0)
  })

  it('finds that a server does not implement conditions', async () => {
    const fake = await fakeS3()
    const unknown = { kind: 'error', status: 501, code: 'NotImplemented' } as const
    let puts = 0
    fake.failWith(({ operation }) => (operation === 'PutObject' && ++puts > 1 ? unknown : undefined))
    expect(await (await s3StoreOn(fake.url)).probe()).toEqual({ ...ALL, creates: false, replaces: false })
  })

  it('finds that a server compares and writes in two steps', async () => {
    const fake = await fakeS3()
    fake.failWith(({ key }) => {
      // Lets every request of the race find no object.
      if (/-\d$/.test(key)) fake.bucket.objects.delete(key)
      return undefined
    })
    const capabilities = await (await s3StoreOn(fake.url)).probe()
    expect(capabilities).toEqual({ ...ALL, atomic: false })
    const sentence = /compares first and writes later/
    expect(capabilityWarnings(capabilities)).toEqual([expect.stringMatching(sentence)])
  })

  it('is not misled by lost responses', async () => {
    const fake = await fakeS3()
    fake.failWith(({ number }) => (number % 4 === 0 ? { kind: 'cut-after' } : undefined))
    expect(await (await s3StoreOn(fake.url)).probe()).toEqual(ALL)
    expect(fake.bucket.objects.size).toBe(0)
  })

  it.each([
    ['lists by prefix only', { tellsMissing: false }, '/'],
    ['is below a path', {}, '/storage/v1/s3'],
  ])('finds all capabilities of a server that %s', async (_, honours, path) => {
    const fake = await fakeS3(honours)
    const store = await s3StoreOn(fake.moveBelow(path.replace(/\/$/, '')), FAKE, { prefix: 'p' })
    expect(await store.probe()).toEqual(ALL)
    await store.ping()
  })

  it('has no warnings about a complete server', () => {
    expect(capabilityWarnings(ALL)).toEqual([])
  })

  it('explains what to do when the bucket cannot be used', async () => {
    const fake = await fakeS3()
    const another = await s3StoreOn(fake.url, FAKE, { bucket: 'another' })
    await expect(another.probe()).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('there is no bucket another: create it, or correct PKGSERVER_BLOBS'),
    })
    const stranger = await s3StoreOn(fake.url, { accessKeyId: 'x', secretAccessKey: 'y' })
    await expect(stranger.probe()).rejects.toThrow('the credentials are not valid')
    const unreachable = await s3StoreOn(new URL('http://127.0.0.1:1'))
    await expect(unreachable.probe()).rejects.toThrow(/the server cannot be reached: .*ECONNREFUSED/)
    const tls = await s3StoreOn(new URL(`https://127.0.0.1:${fake.url.port}`))
    await expect(tls.probe()).rejects.toThrow('the TLS connection failed')
  })

  it.each([
    [403, 'AccessDenied', {}, /on the bucket bucket they need s3:GetObject/],
    [
      301,
      'PermanentRedirect',
      { 'x-amz-bucket-region': 'eu-west-3' },
      /in the region eu-west-3: set PKGSERVER_S3_REGION/,
    ],
    [400, 'AuthorizationHeaderMalformed', {}, /in another region: set PKGSERVER_S3_REGION/],
    [403, 'RequestTimeTooSkewed', {}, /the clock of this machine is wrong/],
    [400, 'Strange', {}, /cannot use the S3 bucket: S3: writing _probe.* failed with Strange/],
  ])('explains what to do about %i %s', async (status, code, headers, sentence) => {
    const fake = await fakeS3()
    fake.failWith(() => ({ kind: 'error', status, code, headers }))
    await expect((await s3StoreOn(fake.url)).probe()).rejects.toThrow(sentence)
  })

  it('names the endpoint setting when the server is not S3', async () => {
    const server = createServer((_, response) => response.writeHead(404).end('<html><p>nothing here</html>'))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    const store = await s3StoreOn(new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`))
    await expect(store.probe()).rejects.toThrow('PKGSERVER_S3_ENDPOINT')
  })
})
