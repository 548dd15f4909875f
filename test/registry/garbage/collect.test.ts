import { beforeEach, expect, it, vi } from 'vitest'
import { EmbeddedRegistry } from '../../../src/registry/embedded-registry.ts'
import { CONDEMNED_KEY, manifestKey, referrerKey } from '../../../src/registry/keys.ts'
import { MemoryStore } from '../../../src/registry/store/memory-store.ts'
import { until } from '../../support/until.ts'
import { BLOB_DIGESTS, BLOBS, descriptorOf, image, index, type Thing } from './universe.ts'

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
  return Buffer.from(JSON.stringify({ id: 'of another', at: clock, digests }))
}

it('takes an untagged manifest that is old, with its links and blobs, and no younger one', async () => {
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

it('keeps children of a tagged index and referrers of what is live, and takes them with it', async () => {
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

it('keeps a manifest that is needed without a tag', async () => {
  await push(ONE)
  clock += 2 * GRACE
  const roots = async (repository: string) => (repository === 'a' ? [ONE.digest] : [])
  expect(await registry.collectGarbage({ roots })).toMatchObject({ manifests: 0, links: 0, blobs: 0 })
})

it('takes the link to a blob that another repository needs, and not the blob', async () => {
  await push(ONE, ['v1'])
  await registry.blobs.mount('b', D0, 'a')
  clock += 2 * GRACE
  expect(await registry.collectGarbage()).toMatchObject({ manifests: 0, links: 1, blobs: 0 })
  expect(await registry.blobs.has('a', D0)).toBe(true)
  expect(await registry.blobs.has('b', D0)).toBe(false)
})

it('keeps a blob that a client has asked for lately', async () => {
  await registry.blobs.put('a', D0, B0)
  clock += 2 * GRACE
  await registry.blobs.size('a', D0)
  expect(await registry.collectGarbage()).toMatchObject({ links: 0, blobs: 0 })
  clock += 2 * GRACE
  expect(await registry.collectGarbage()).toMatchObject({ links: 1, blobs: 1 })
})

it('keeps what a slow change has pushed again and found to be there, however long ago it began', async () => {
  await push(ONE)
  clock += GRACE / 10
  const keepSince = clock
  await push(ONE)
  clock += 2 * GRACE
  expect(await registry.collectGarbage({ keepSince })).toMatchObject({ manifests: 0, links: 0, blobs: 0 })
  expect(await registry.collectGarbage()).toMatchObject({ manifests: 1, links: 1, blobs: 1 })
})

it('keeps for a while what a tag has pointed to', async () => {
  await push(ONE, ['v1'])
  clock += 2 * GRACE
  await push(OTHER, ['v1'])
  expect(await registry.collectGarbage()).toMatchObject({ manifests: 0, links: 0 })
  clock += 2 * GRACE
  expect(await registry.collectGarbage()).toMatchObject({ manifests: 1, links: 1 })
})

it('removes nothing in a dry run, which tells what goes', async () => {
  await push(ONE)
  await push(OTHER, ['v1'])
  clock += 2 * GRACE
  const tell = async (dryRun: boolean) => {
    const items: unknown[] = []
    await registry.collectGarbage({ dryRun, onRemoved: (item) => items.push(item) })
    return items
  }
  const dry = await tell(true)
  expect(dry).toHaveLength(3)
  expect(await registry.manifests.has('a', ONE.digest)).toBe(true)
  expect(await tell(false)).toEqual(dry)
  expect(await tell(false)).toEqual([])
})

it('drops uploads that nobody goes on with', async () => {
  const id = await registry.uploads.start('a')
  clock += 2 * GRACE
  expect(await registry.collectGarbage()).toMatchObject({ uploads: 1 })
  expect(() => registry.uploads.status('a', id)).toThrow('no upload')
})

it('leaves a repository alone that has a manifest it cannot read, and says so', async () => {
  await push(ONE)
  await store.put(manifestKey('a', OTHER.digest), Buffer.from('nonsense'))
  clock += 2 * GRACE
  const result = await registry.collectGarbage()
  expect(result).toMatchObject({ manifests: 0, links: 0, blobs: 0, skipped: [{ repository: 'a' }] })
  expect(await registry.blobs.has('a', D0)).toBe(true)
})

it('takes entries of referrers whose manifests are gone', async () => {
  await push(ONE, ['v1'])
  const key = referrerKey('a', ONE.digest, OTHER.digest)
  await store.put(key, Buffer.from('{}'))
  clock += 2 * GRACE
  await registry.collectGarbage()
  expect(await store.stat(key)).toBeUndefined()
})

it('leaves the store to another process that collects, unless that has died', async () => {
  open(true)
  await push(ONE)
  clock += 2 * GRACE
  await store.put(CONDEMNED_KEY, abandoned([]))
  expect(await registry.collectGarbage()).toMatchObject({ manifests: 0, interrupted: true })
  clock += 10 * 60 * 1000
  expect(await registry.collectGarbage()).toMatchObject({ manifests: 1, interrupted: false })
  expect(await store.stat(CONDEMNED_KEY)).toBeUndefined()
})

it('takes over at once what a dead process has left in a store that nobody else uses', async () => {
  await push(ONE)
  clock += 2 * GRACE
  await store.put(CONDEMNED_KEY, abandoned([D0]))
  expect(await registry.collectGarbage()).toMatchObject({ manifests: 1, interrupted: false })
})

it('makes pushes of content that is about to go wait, also if it is there and young', async () => {
  open(true)
  await push(ONE)
  await store.put(CONDEMNED_KEY, abandoned([D0]))
  const looks = vi.spyOn(store, 'get')
  const told: string[] = []
  const pushes = [
    registry.blobs.put('a', D0, B0).then(() => told.push('blob')),
    registry.manifests.put('a', ONE.bytes).then(() => told.push('manifest')),
  ]
  // Each of them has looked several times.
  await until(() => looks.mock.calls.filter(([key]) => key === CONDEMNED_KEY).length >= 6)
  expect(told).toEqual([])
  await store.delete(CONDEMNED_KEY)
  await Promise.all(pushes)
  expect(told).toHaveLength(2)
})
