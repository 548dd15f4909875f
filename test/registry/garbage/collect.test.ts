import { beforeEach, expect, it, vi } from 'vitest'
import { EmbeddedRegistry } from '../../../src/registry/embedded-registry.ts'
import { manifestKey, PENDING_DELETIONS_KEY, referrerKey } from '../../../src/registry/keys.ts'
import { MemoryStore } from '../../../src/registry/store/memory-store.ts'
import { until } from '../../support/until.ts'
import { BLOB_DIGESTS, BLOBS, descriptorOf, image, index, type Thing } from './fixtures.ts'

const GRACE = 60 * 60 * 1000
const [B0, B1] = BLOBS as [Buffer, Buffer]
const D0 = BLOB_DIGESTS[0] as string
const ONE = image([B0])
const OTHER = image([B1])

let clock: number
let store: MemoryStore
let registry: EmbeddedRegistry

function open(shared: boolean): void {
  clock = Date.UTC(2030, 0, 1)
  store = new MemoryStore({ shared, now: () => clock })
  registry = new EmbeddedRegistry(store, { grace: GRACE, now: () => clock })
}

beforeEach(() => open(false))

async function push(thing: Thing, tags: string[] = [], repository = 'a'): Promise<void> {
  for (const digest of thing.blobs) {
    await registry.blobs.put(repository, digest, BLOBS[BLOB_DIGESTS.indexOf(digest)] as Buffer)
  }
  await registry.manifests.put(repository, thing.bytes, { tags })
}

function abandoned(digests: string[]): Uint8Array {
  return Buffer.from(JSON.stringify({ id: 'another process', at: clock, digests }))
}

it('deletes an old untagged manifest with its links and blobs, but no younger one', async () => {
  await push(ONE)
  clock += GRACE
  expect(await registry.collectGarbage()).toMatchObject({ manifests: 0, links: 0, blobs: 0 })
  clock += 1
  await push(OTHER)
  const bytes = ONE.bytes.byteLength + B0.byteLength
  expect(await registry.collectGarbage()).toMatchObject({ manifests: 1, links: 1, blobs: 1, bytes })
  expect(await registry.manifests.has('a', ONE.digest)).toBe(false)
  expect(await registry.manifests.has('a', OTHER.digest)).toBe(true)
})

it('keeps children of a tagged index and their referrers until the index goes', async () => {
  const both = index([ONE])
  const signature = image([B1], { subject: descriptorOf(ONE) })
  for (const thing of [ONE, signature]) await push(thing)
  await push(both, ['v1'])
  clock += 2 * GRACE
  expect(await registry.collectGarbage()).toMatchObject({ manifests: 0, links: 0, blobs: 0 })
  await registry.manifests.untag('a', 'v1')
  clock += 2 * GRACE
  expect(await registry.collectGarbage()).toMatchObject({ manifests: 3, links: 2, blobs: 2 })
})

it('keeps an untagged manifest that is a root', async () => {
  await push(ONE)
  clock += 2 * GRACE
  const roots = async (repository: string) => (repository === 'a' ? [ONE.digest] : [])
  expect(await registry.collectGarbage({ roots })).toMatchObject({ manifests: 0, links: 0, blobs: 0 })
})

it('deletes only the link to a blob that another repository needs', async () => {
  await push(ONE, ['v1'])
  await registry.blobs.mount('b', D0, 'a')
  clock += 2 * GRACE
  expect(await registry.collectGarbage()).toMatchObject({ manifests: 0, links: 1, blobs: 0 })
  expect(await registry.blobs.has('a', D0)).toBe(true)
  expect(await registry.blobs.has('b', D0)).toBe(false)
})

it('keeps a blob that a client has asked for recently', async () => {
  await registry.blobs.put('a', D0, B0)
  clock += 2 * GRACE
  await registry.blobs.size('a', D0)
  expect(await registry.collectGarbage()).toMatchObject({ links: 0, blobs: 0 })
  clock += 2 * GRACE
  expect(await registry.collectGarbage()).toMatchObject({ links: 1, blobs: 1 })
})

it('keeps what a slow operation has pushed again and found to exist, however long ago it began', async () => {
  await push(ONE)
  clock += GRACE / 10
  const keepSince = clock
  await push(ONE)
  clock += 2 * GRACE
  expect(await registry.collectGarbage({ keepSince })).toMatchObject({ manifests: 0, links: 0, blobs: 0 })
  expect(await registry.collectGarbage()).toMatchObject({ manifests: 1, links: 1, blobs: 1 })
})

it('keeps the manifest that a tag has left for a while', async () => {
  await push(ONE, ['v1'])
  clock += 2 * GRACE
  await push(OTHER, ['v1'])
  expect(await registry.collectGarbage()).toMatchObject({ manifests: 0, links: 0 })
  clock += 2 * GRACE
  expect(await registry.collectGarbage()).toMatchObject({ manifests: 1, links: 1 })
})

it('deletes nothing in a dry run, and reports what it would delete', async () => {
  await push(ONE)
  await push(OTHER, ['v1'])
  clock += 2 * GRACE
  const collect = async (dryRun: boolean) => {
    const items: unknown[] = []
    await registry.collectGarbage({ dryRun, onRemoved: (item) => items.push(item) })
    return items
  }
  const dry = await collect(true)
  expect(dry).toHaveLength(3)
  expect(await registry.manifests.has('a', ONE.digest)).toBe(true)
  expect(await collect(false)).toEqual(dry)
  expect(await collect(false)).toEqual([])
})

it('drops abandoned uploads', async () => {
  const id = await registry.uploads.start('a')
  clock += 2 * GRACE
  expect(await registry.collectGarbage()).toMatchObject({ uploads: 1 })
  expect(() => registry.uploads.status('a', id)).toThrow('no upload')
})

it('skips a repository with a manifest that it cannot read, and reports it', async () => {
  await push(ONE)
  await store.put(manifestKey('a', OTHER.digest), Buffer.from('nonsense'))
  clock += 2 * GRACE
  const result = await registry.collectGarbage()
  expect(result).toMatchObject({ manifests: 0, links: 0, blobs: 0, skipped: [{ repository: 'a' }] })
  expect(await registry.blobs.has('a', D0)).toBe(true)
})

it('deletes entries of referrers whose manifests are gone', async () => {
  await push(ONE, ['v1'])
  const key = referrerKey('a', ONE.digest, OTHER.digest)
  await store.put(key, Buffer.from('{}'))
  clock += 2 * GRACE
  await registry.collectGarbage()
  expect(await store.stat(key)).toBeUndefined()
})

it('stops while another process is collecting, unless that one has died', async () => {
  open(true)
  await push(ONE)
  clock += 2 * GRACE
  await store.put(PENDING_DELETIONS_KEY, abandoned([]))
  expect(await registry.collectGarbage()).toMatchObject({ manifests: 0, interrupted: true })
  clock += 10 * 60 * 1000
  expect(await registry.collectGarbage()).toMatchObject({ manifests: 1, interrupted: false })
  expect(await store.stat(PENDING_DELETIONS_KEY)).toBeUndefined()
})

it('takes over at once from a dead process in a store that is not shared', async () => {
  await push(ONE)
  clock += 2 * GRACE
  await store.put(PENDING_DELETIONS_KEY, abandoned([D0]))
  expect(await registry.collectGarbage()).toMatchObject({ manifests: 1, interrupted: false })
})

it('makes pushes wait for content that is about to be deleted, even if it is fresh', async () => {
  open(true)
  await push(ONE)
  await store.put(PENDING_DELETIONS_KEY, abandoned([D0]))
  const reads = vi.spyOn(store, 'get')
  const acknowledged: string[] = []
  const pushes = [
    registry.blobs.put('a', D0, B0).then(() => acknowledged.push('blob')),
    registry.manifests.put('a', ONE.bytes).then(() => acknowledged.push('manifest')),
  ]
  // Each of them has checked several times.
  await until(() => reads.mock.calls.filter(([key]) => key === PENDING_DELETIONS_KEY).length >= 6)
  expect(acknowledged).toEqual([])
  await store.delete(PENDING_DELETIONS_KEY)
  await Promise.all(pushes)
  expect(acknowledged).toHaveLength(2)
})
