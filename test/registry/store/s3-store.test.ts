import { describe, expect, it } from 'vitest'
import { readAll, type Stream, streamOf } from '../../../src/oci/content.ts'
import type { S3Store } from '../../../src/registry/store/s3/s3-store.ts'
import { blobStoreSuite } from '../../contract/blob-store-suite.ts'
import type { Fault } from '../../support/s3/fake-s3.ts'
import { fakeS3, s3StoreOn } from '../../support/s3/store.ts'

const FAKE = undefined

const bytes = (text: string) => Buffer.from(text)

async function textOf(store: S3Store, key: string): Promise<string | undefined> {
  const stored = await store.get(key)
  return stored && Buffer.from(stored.bytes).toString()
}

async function contentOf(stream: Stream | undefined): Promise<Buffer> {
  return Buffer.from(await readAll(stream ?? streamOf(bytes('nothing')), Number.POSITIVE_INFINITY))
}

const CONFLICT: Fault = { kind: 'error', status: 409, code: 'ConditionalRequestConflict' }
const FAILURE: Fault = { kind: 'error', status: 500, code: 'InternalError' }

blobStoreSuite('S3', async () => s3StoreOn((await fakeS3()).url))

blobStoreSuite('S3 with faults', async () => {
  const fake = await fakeS3()
  const faults: Fault[] = [
    FAILURE,
    { kind: 'cut-after' },
    { kind: 'error', status: 503, code: 'ServiceUnavailable' },
    { kind: 'cut-before' },
    { kind: 'cut-body', after: 1 },
  ]
  fake.failWith(({ number }) => (number % 6 === 0 ? faults[(number / 6) % faults.length] : undefined))
  return s3StoreOn(fake.url)
})

blobStoreSuite('S3 that ignores conditions', async () => {
  const fake = await fakeS3({ ifNoneMatch: false, ifMatch: false, ifMatchOnDelete: false })
  const store = await s3StoreOn(fake.url)
  await store.probe()
  return store
})

blobStoreSuite('S3 that lists by prefix only', async () => {
  return s3StoreOn((await fakeS3({ tellsMissing: false })).url)
})

blobStoreSuite('S3 below a path', async () => s3StoreOn((await fakeS3()).moveBelow('/storage/v1/s3')))

blobStoreSuite('S3 with buckets in host names', async () => {
  const { url } = await fakeS3()
  const proxies = { HTTP_PROXY: url.href }
  return s3StoreOn(new URL('http://s3.test'), FAKE, { pathStyle: false, proxies })
})

it.each([
  ['below a path', true, 'https://example.test/storage/s3/bucket/p/k'],
  ['with buckets in host names', false, 'https://bucket.example.test/storage/s3/p/k'],
])('a store on S3 %s has links to where objects are', async (_, pathStyle, expected) => {
  const endpoint = new URL('https://example.test/storage/s3')
  const store = await s3StoreOn(endpoint, FAKE, { prefix: 'p', pathStyle, redirects: true })
  const url = await store.downloadUrl('k')
  expect(`${url?.origin}${url?.pathname}`).toBe(expected)
})

describe('a store on S3 that lists by prefix only', () => {
  it('asks for a list only if an object is missing', async () => {
    const fake = await fakeS3({ tellsMissing: false })
    const store = await s3StoreOn(fake.url, FAKE, { prefix: 'p' })
    await store.put('k', bytes('1'))
    expect([await store.stat('k'), await store.stat('k2'), await store.stat('')]).toMatchObject([
      { size: 1 },
      undefined,
      undefined,
    ])
    expect(fake.requests.slice(0, 4)).toEqual([
      'PutObject p/k',
      'HeadObject p/k',
      'HeadObject p/k2',
      'ListObjectsV2 ',
    ])
    expect(await store.put('k2', bytes('2'), '"another"')).toBe(false)
    expect(await store.delete('k2', '"another"')).toBe(false)
  })

  it('finds an object that is written at the same time', async () => {
    const fake = await fakeS3({ tellsMissing: false })
    const store = await s3StoreOn(fake.url, FAKE, { prefix: 'p' })
    fake.failWith(({ operation }) => {
      if (operation === 'ListObjectsV2') fake.bucket.put('p/k', bytes('1'), {}, {})
      return undefined
    })
    expect(await textOf(store, 'k')).toBe('1')
  })

  it('takes no object that is there for missing because access to it is denied', async () => {
    const fake = await fakeS3()
    const store = await s3StoreOn(fake.url)
    await store.put('k', bytes('1'))
    fake.failWith(({ operation }) =>
      operation === 'GetObject' ? { kind: 'error', status: 403, code: 'AccessDenied' } : undefined,
    )
    await expect(store.get('k')).rejects.toThrow('AccessDenied')
    fake.failWith(() => ({ kind: 'error', status: 403, code: 'AccessDenied' }))
    await expect(store.get('missing')).rejects.toThrow('AccessDenied')
    await expect(store.stat('missing')).rejects.toThrow('AccessDenied')
  })
})

describe('a conditional write to a store on S3', () => {
  it('reports that it was done when its response is lost', async () => {
    const fake = await fakeS3()
    const store = await s3StoreOn(fake.url)
    fake.failOnce('PutObject', { kind: 'cut-after' })
    expect(await store.put('k', bytes('1'), null)).toBe(true)
    fake.failOnce('PutObject', { kind: 'cut-after' }, { kind: 'cut-after' })
    expect(await store.put('k', bytes('2'), (await store.get('k'))?.version)).toBe(true)
    expect(await textOf(store, 'k')).toBe('2')
  })

  it('reports that it was not done if another process wrote the same bytes first', async () => {
    const fake = await fakeS3()
    const [one, two] = [
      await s3StoreOn(fake.url, FAKE, { prefix: 'p' }),
      await s3StoreOn(fake.url, FAKE, { prefix: 'p' }),
    ]
    await one.put('k', bytes('same'), null)
    fake.failOnce('PutObject', { kind: 'cut-before' })
    expect(await two.put('k', bytes('same'), null)).toBe(false)
  })

  it('is retried on conflicts with other conditional requests', async () => {
    const fake = await fakeS3()
    const store = await s3StoreOn(fake.url)
    fake.failOnce('PutObject', CONFLICT, CONFLICT)
    expect(await store.put('k', bytes('1'), null)).toBe(true)
    fake.failOnce('DeleteObject', CONFLICT, CONFLICT)
    expect(await store.delete('k', (await store.get('k'))?.version)).toBe(true)
  })

  it('fails when conflicts persist, unless another version shows its condition to be false', async () => {
    const fake = await fakeS3()
    const store = await s3StoreOn(fake.url)
    fake.failWith(({ operation }) => (operation === 'PutObject' ? CONFLICT : undefined))
    await expect(store.put('k', bytes('1'), null)).rejects.toThrow(
      'S3: writing k failed with ConditionalRequestConflict',
    )
    expect(await store.put('k', bytes('1'), '"another"')).toBe(false)
  })

  it('reports that a deletion was done when its response is lost', async () => {
    const fake = await fakeS3()
    const store = await s3StoreOn(fake.url)
    await store.put('k', bytes('1'))
    fake.failOnce('DeleteObject', { kind: 'cut-after' })
    expect(await store.delete('k', (await store.get('k'))?.version)).toBe(true)
    await store.put('k', bytes('1'))
    fake.failOnce('DeleteObject', { kind: 'cut-after' })
    expect(await store.delete('k')).toBe(true)
  })

  it('is never lost when several processes append to one key', async () => {
    const fake = await fakeS3()
    const faults: Fault[] = [CONFLICT, FAILURE, { kind: 'cut-after' }, { kind: 'cut-before' }]
    let puts = 0
    fake.failWith(({ operation }) =>
      operation === 'PutObject' && ++puts % 3 === 0 ? faults[(puts / 3) % faults.length] : undefined,
    )
    const write = async (writer: string) => {
      const store = await s3StoreOn(fake.url, FAKE, { prefix: 'p' })
      for (let i = 0; i < 10; i++) await append(store, `${writer}${i} `)
      return store
    }
    const [store] = await Promise.all(['a', 'b', 'c'].map(write))
    const words = (await textOf(store as S3Store, 'words'))?.trim().split(' ')
    expect(words).toHaveLength(30)
    expect(new Set(words).size).toBe(30)
  })

  /** Reads again before each attempt: a write whose response was lost may have been done, and extended by others. */
  async function append(store: S3Store, word: string): Promise<void> {
    for (;;) {
      const before = await store.get('words')
      const text = Buffer.from(before?.bytes ?? []).toString()
      if (text.includes(word)) return
      if (await store.put('words', bytes(text + word), before?.version ?? null)) return
    }
  }
})

describe('a read from a store on S3', () => {
  const large = Buffer.alloc(300_000, 'abcdefg')

  async function storeWithLarge(options = {}) {
    const fake = await fakeS3()
    const store = await s3StoreOn(fake.url, FAKE, options)
    await store.put('large', large)
    return { fake, store }
  }

  it('resumes after the connection was cut', async () => {
    const { fake, store } = await storeWithLarge()
    fake.failOnce(
      'GetObject',
      { kind: 'cut-body', after: 100_000 },
      { kind: 'cut-body', after: 70_000 },
      FAILURE,
    )
    expect((await contentOf(await store.read('large'))).equals(large)).toBe(true)
    fake.failOnce('GetObject', { kind: 'cut-body', after: 1000 })
    const part = await contentOf(await store.read('large', { start: 7, end: 70_000 }))
    expect(part.equals(large.subarray(7, 70_001))).toBe(true)
    fake.failOnce('GetObject', { kind: 'cut-body', after: 0 })
    expect(Buffer.from((await store.get('large'))?.bytes ?? []).equals(large)).toBe(true)
  })

  it('resumes when S3 falls silent', async () => {
    const { fake, store } = await storeWithLarge({ timeout: 300 })
    fake.failOnce('GetObject', { kind: 'stall-body', after: 1000 })
    expect((await contentOf(await store.read('large'))).equals(large)).toBe(true)
    fake.failOnce('HeadObject', { kind: 'hang' })
    expect((await store.stat('large'))?.size).toBe(large.length)
  })

  it('fails when the connection is cut again and again, and never returns short content', async () => {
    const { fake, store } = await storeWithLarge()
    fake.failWith(({ operation }) => (operation === 'GetObject' ? { kind: 'cut-body', after: 0 } : undefined))
    await expect(contentOf(await store.read('large'))).rejects.toThrow(
      /reading large failed: .* cut 300000 bytes before/,
    )
    await expect(store.get('large')).rejects.toThrow('again and again')
  })

  it('never mixes two versions', async () => {
    const { fake, store } = await storeWithLarge()
    fake.failOnce('GetObject', { kind: 'cut-body', after: 100 })
    const stream = await store.read('large')
    await store.put('large', bytes('other'))
    await expect(contentOf(stream)).rejects.toThrow('the object has changed since')
  })

  it('keeps no connection open while its stream is not being read', async () => {
    const { store } = await storeWithLarge({ timeout: 300 })
    const [left, stopped] = [await store.read('large'), await store.read('large')]
    for await (const _ of stopped ?? []) break
    await new Promise((resolve) => setTimeout(resolve, 600))
    expect((await contentOf(left)).equals(large)).toBe(true)
  })

  it('is empty beyond the end', async () => {
    const { store } = await storeWithLarge()
    expect(await contentOf(await store.read('large', { start: 400_000, end: 400_010 }))).toHaveLength(0)
  })

  it('fails when the pages of a list never end', async () => {
    const fake = await fakeS3({ endsLists: false })
    const store = await s3StoreOn(fake.url, FAKE, { prefix: 'p' })
    fake.bucket.put('p/f/1', bytes(''), {}, {})
    await expect(store.list('f')).rejects.toThrow('its pages never end')
    expect(fake.requests).toHaveLength(2)
  })

  it('lists folders that do not fit into one response of S3', async () => {
    const { fake, store } = await storeWithLarge({ prefix: 'p' })
    for (let i = 0; i < 2500; i++) fake.bucket.put(`p/f/${10_000 + i}`, bytes(''), {}, {})
    fake.bucket.put('p/f/', bytes(''), {}, {})
    fake.bucket.put('p/f/10001/below', bytes(''), {}, {})
    const all = await store.list('f')
    expect(all).toHaveLength(2500)
    expect(all.slice(0, 2)).toEqual([
      { name: '10000', folder: false },
      { name: '10001', folder: true },
    ])
    const page = await store.list('f', { after: '10999', limit: 1200 })
    expect([page[0]?.name, page.at(-1)?.name, page.length]).toEqual(['11000', '12199', 1200])
  })
})

describe('a download URL of a store on S3', () => {
  it('leads to the bytes until it expires', async () => {
    const fake = await fakeS3()
    const store = await s3StoreOn(fake.url, FAKE, { redirects: true })
    await store.put('a/k', bytes('hello'))
    const url = (await store.downloadUrl('a/k')) as URL
    expect(await (await fetch(url)).text()).toBe('hello')
    expect(url.searchParams.get('X-Amz-Expires')).toBe('1200')
    const bare = new URL(url)
    bare.search = ''
    expect((await fetch(bare)).status).toBe(403)
    url.searchParams.set('X-Amz-Date', '20200101T000000Z')
    expect((await fetch(url)).status).toBe(403)
  })

  it('has the host name that clients use', async () => {
    const fake = await fakeS3()
    const redirectEndpoint = new URL(`http://localhost:${fake.url.port}`)
    const store = await s3StoreOn(new URL('http://127.0.0.1:9'), FAKE, { redirects: true, redirectEndpoint })
    expect((await store.downloadUrl('k'))?.host).toBe(redirectEndpoint.host)
  })

  it('exists only if redirects are enabled', async () => {
    expect(await (await s3StoreOn(new URL('http://127.0.0.1:9'))).downloadUrl('k')).toBeUndefined()
  })
})

describe('an error of a store on S3', () => {
  it('names the operation, the key and the code of S3, and contains no credentials', async () => {
    const fake = await fakeS3()
    const store = await s3StoreOn(fake.url)
    fake.failWith(() => ({ kind: 'error', status: 403, code: 'AccessDenied' }))
    const failures = [
      [() => store.get('a/b'), 'S3: reading a/b failed with AccessDenied (HTTP 403)'],
      [() => store.stat('a/b'), 'S3: checking a/b failed with AccessDenied (HTTP 403)'],
      [() => store.put('a/b', bytes('x')), 'S3: writing a/b failed with AccessDenied (HTTP 403)'],
      [() => store.delete('a/b'), 'S3: checking a/b failed with AccessDenied (HTTP 403)'],
      [() => store.list('a'), 'S3: listing a failed with AccessDenied (HTTP 403)'],
      [() => store.ping(), 'S3: accessing the bucket bucket failed with AccessDenied (HTTP 403)'],
    ] as const
    for (const [work, message] of failures) {
      const error: Error = await work().then(
        () => new Error('nothing failed'),
        (failure) => failure,
      )
      expect(error.message).toBe(message)
      expect(JSON.stringify({ ...error, cause: error.cause, stack: error.stack })).not.toContain(
        'fake-secret',
      )
    }
  })

  it('says how many attempts were made', async () => {
    const fake = await fakeS3()
    const store = await s3StoreOn(fake.url)
    fake.failWith(() => FAILURE)
    await expect(store.get('k')).rejects.toThrow(
      'S3: reading k failed with InternalError (HTTP 500, after 5 attempts)',
    )
  })

  it('distinguishes a missing bucket from a missing key', async () => {
    const store = await s3StoreOn((await fakeS3()).url, FAKE, { bucket: 'another' })
    await expect(store.get('k')).rejects.toThrow('NoSuchBucket')
    await expect(store.put('k', bytes('x'), '"v"')).rejects.toThrow('NoSuchBucket')
    await expect(store.ping()).rejects.toThrow('NoSuchBucket')
  })
})
