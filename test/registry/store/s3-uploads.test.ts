import { readdir } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { readAll } from '../../../src/oci/content.ts'
import type { BlobUpload } from '../../../src/registry/store/blob-store.ts'
import { partSizeOf } from '../../../src/registry/store/s3/multipart-uploads.ts'
import type { S3Store } from '../../../src/registry/store/s3/s3-store.ts'
import type { Fault } from '../../support/s3/fake-s3.ts'
import { fakeS3, s3StoreOn } from '../../support/s3/store.ts'
import { temporaryFolder } from '../../support/temporary.ts'

const MIB = 1024 * 1024
const FAKE = undefined
const FAILURE: Fault = { kind: 'error', status: 500, code: 'InternalError' }

describe('an upload to a store on S3', () => {
  /** Yields bytes that differ from chunk to chunk, without holding all of them. */
  async function* counted(size: number): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < size; at += MIB) yield Buffer.alloc(Math.min(MIB, size - at), `${at} `)
  }

  async function uploadOf(store: S3Store, size: number): Promise<BlobUpload> {
    const upload = await store.upload()
    await upload.append(counted(size))
    return upload
  }

  it('is sent in one request when small', async () => {
    const fake = await fakeS3()
    const store = await s3StoreOn(fake.url, FAKE, { prefix: 'p' })
    await (await uploadOf(store, 8 * MIB)).commit('k')
    await store.put('other', Buffer.from('x'))
    expect(fake.requests).toEqual(['PutObject p/k', 'PutObject p/other'])
  })

  it('is sent in parts when large, with retries of parts that fail', async () => {
    const fake = await fakeS3()
    const spool = await temporaryFolder()
    const store = await s3StoreOn(fake.url, FAKE, { prefix: 'p', spool })
    const size = 41 * MIB
    const upload = await uploadOf(store, size)
    fake.failOnce('UploadPart', FAILURE, { kind: 'cut-after' }, { kind: 'cut-before' })
    await upload.commit('k')
    const expected = await readAll(counted(size), size)
    expect(fake.bucket.object('p/k').bytes.equals(expected)).toBe(true)
    expect(Buffer.from(await readAll((await store.read('k')) ?? counted(0), size)).equals(expected)).toBe(
      true,
    )
    expect(fake.bucket.multiparts.size).toBe(0)
    expect(await readdir(spool)).toEqual([])
  })

  it('holds at most eight parts of 8 MiB in memory, together with all others', async () => {
    const fake = await fakeS3()
    const store = await s3StoreOn(fake.url)
    let [inFlight, most] = [0, 0]
    const uploads = await Promise.all(Array.from({ length: 4 }, () => uploadOf(store, 20 * MIB)))
    fake.failWith(({ operation }) => {
      if (operation !== 'UploadPart') return undefined
      most = Math.max(most, ++inFlight)
      setTimeout(() => inFlight--, 40)
      return { kind: 'slow', delay: 50 }
    })
    await Promise.all(uploads.map((upload, i) => upload.commit(`k${i}`)))
    expect(most).toBeGreaterThan(1)
    expect(most).toBeLessThanOrEqual(8)
  })

  it('has parts of 8 MiB, or larger ones if there would be too many', () => {
    expect(partSizeOf(9 * MIB)).toBe(8 * MIB)
    for (const size of [80_000 * MIB, 80_000 * MIB + 1, 5 * 1024 * 1024 * MIB]) {
      expect(Math.ceil(size / partSizeOf(size))).toBeLessThanOrEqual(10_000)
    }
  })

  it('succeeds when the response to the last request is lost', async () => {
    const fake = await fakeS3()
    const store = await s3StoreOn(fake.url)
    const upload = await uploadOf(store, 9 * MIB)
    fake.failOnce('CompleteMultipartUpload', { kind: 'cut-after' })
    await upload.commit('k')
    expect((await store.stat('k'))?.size).toBe(9 * MIB)
  })

  it('leaves no parts behind when it fails, and can be committed again', async () => {
    const fake = await fakeS3()
    const store = await s3StoreOn(fake.url)
    const upload = await uploadOf(store, 20 * MIB)
    fake.failWith(({ operation }) =>
      operation === 'UploadPart' ? { kind: 'error', status: 403, code: 'AccessDenied' } : undefined,
    )
    await expect(upload.commit('k')).rejects.toThrow(
      'S3: writing k in parts failed with AccessDenied (HTTP 403)',
    )
    expect(fake.bucket.multiparts.size).toBe(0)
    expect(await store.stat('k')).toBeUndefined()
    fake.failWith(() => undefined)
    await upload.commit('k')
    expect((await store.stat('k'))?.size).toBe(20 * MIB)
  })

  it('leaves no file behind when it is aborted or never finished', async () => {
    const spool = await temporaryFolder()
    const store = await s3StoreOn((await fakeS3()).url, FAKE, { spool })
    const dropped = await uploadOf(store, 10)
    await uploadOf(store, 10)
    expect(await readdir(spool)).toHaveLength(2)
    await dropped.abort()
    expect(await readdir(spool)).toHaveLength(1)
    await store.close()
    expect(await readdir(spool)).toEqual([])
    await uploadOf(store, 10)
    await s3StoreOn((await fakeS3()).url, FAKE, { spool })
    expect(await readdir(spool)).toEqual([])
  })

  it('is dropped only if it was begun by a process that has died', async () => {
    const fake = await fakeS3()
    const store = await s3StoreOn(fake.url, FAKE, { prefix: 'p' })
    const [old, long, now] = [new Date(Date.now() - 10_000), Date.now() - 5000, Date.now()]
    for (const key of ['p/a', 'p/b', 'p/b', 'p/c', 'q/a']) {
      const multipart = fake.bucket.multiparts.get(fake.bucket.create(key, {}))
      if (multipart) multipart.initiated = old
    }
    fake.bucket.create('p/young', {})
    const upload = await uploadOf(store, 9 * MIB)
    fake.failWith(({ operation }) => (operation === 'UploadPart' ? { kind: 'slow', delay: 500 } : undefined))
    const committing = upload.commit('mine')
    await expect.poll(() => fake.bucket.multiparts.size).toBe(7)
    expect(await store.dropUnfinished(long)).toBe(4)
    expect([...fake.bucket.multiparts.values()].map(({ key }) => key)).toEqual(['q/a', 'p/young', 'p/mine'])
    expect(await store.dropUnfinished(now + 10_000)).toBe(1)
    await committing
    expect((await store.stat('mine'))?.size).toBe(9 * MIB)
  })
})
