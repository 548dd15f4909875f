/** What every OCI repository does, wherever it is. */
import { describe, expect, it } from 'vitest'
import type { Content } from '../../src/oci/content.ts'
import { copy } from '../../src/oci/copy.ts'
import { type Descriptor, describe as describeBytes } from '../../src/oci/descriptor.ts'
import { OciError } from '../../src/oci/errors.ts'
import { EMPTY_CONFIG_BYTES, EMPTY_DESCRIPTOR, encodeManifest } from '../../src/oci/manifest.ts'
import { MEDIA_TYPE } from '../../src/oci/media-types.ts'
import { MemoryRegistry } from '../../src/oci/memory.ts'
import { fetchAll, type Registry, type Repository } from '../../src/oci/roles.ts'

const LAYER = Buffer.from('some layer')
const TYPE = 'application/vnd.example.layer'

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

async function codeOf(work: Promise<unknown>): Promise<string | undefined> {
  return work.then(
    () => undefined,
    (error) => {
      expect(error).toBeInstanceOf(OciError)
      return error.code
    },
  )
}

async function* inChunks(bytes: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function pushManifest(
  target: Repository,
  more: { subject?: Descriptor; artifactType?: string } = {},
  layer = LAYER,
) {
  const layerDescriptor = describeBytes(TYPE, layer)
  await target.push(layerDescriptor, layer)
  await target.push(EMPTY_DESCRIPTOR, EMPTY_CONFIG_BYTES)
  const bytes = encodeManifest({
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.manifest,
    config: EMPTY_DESCRIPTOR,
    layers: [layerDescriptor],
    annotations: { note: 'kept' },
    ...more,
  })
  const descriptor = describeBytes(MEDIA_TYPE.manifest, bytes)
  await target.push(descriptor, bytes)
  return { descriptor, bytes, layerDescriptor }
}

/** `deletes` is false for a registry that can delete nothing: tags then lead nowhere, but keep their names. */
export function ociRepositorySuite(
  kind: string,
  open: () => Promise<Registry>,
  { deletes = true } = {},
): void {
  describe(`an OCI repository: ${kind}`, () => {
    it('answers a ping', async () => {
      await (await open()).ping()
    })

    it('has the blob that was pushed, from bytes or from a stream, once or again', async () => {
      const target = (await open()).repository('a/b')
      const large = Buffer.alloc(3 * 1024 * 1024, 'x')
      const contents: [Buffer, Content][] = [
        [LAYER, LAYER],
        [Buffer.from('streamed'), inChunks(Buffer.from('streamed'), 3)],
        [large, inChunks(large, 100_000)],
        [LAYER, inChunks(LAYER, 1)],
        [Buffer.alloc(0), Buffer.alloc(0)],
      ]
      for (const [bytes, content] of contents) {
        const descriptor = describeBytes(TYPE, bytes)
        await target.push(descriptor, content)
        expect(await target.exists(descriptor)).toBe(true)
        expect(Buffer.compare(await fetchAll(target, descriptor, bytes.length), bytes)).toBe(0)
      }
    })

    it('refuses content that is not what its descriptor says, and keeps nothing of it', async () => {
      const target = (await open()).repository('a/b')
      const descriptor = describeBytes(TYPE, LAYER)
      for (const wrong of [
        Buffer.from('other word'),
        Buffer.from('short'),
        Buffer.from('much longer than that'),
      ]) {
        for (const content of [wrong, inChunks(wrong, 4)]) {
          expect(await codeOf(target.push(descriptor, content))).toMatch(/digest_mismatch|size_mismatch/)
          expect(await target.exists(descriptor)).toBe(false)
        }
      }
    })

    it('has no content that was not pushed', async () => {
      const registry = await open()
      const target = registry.repository('a/b')
      const blob = describeBytes(TYPE, LAYER)
      const manifest = describeBytes(MEDIA_TYPE.manifest, LAYER)
      for (const descriptor of [blob, manifest]) {
        expect(await target.exists(descriptor)).toBe(false)
        expect(await codeOf(fetchAll(target, descriptor, 1000))).toBe('not_found')
      }
      expect(await codeOf(target.resolve('v1'))).toBe('not_found')
      expect(await codeOf(target.resolve(manifest.digest))).toBe('not_found')
      expect(await codeOf(collect(target.tags()))).toBe('not_found')
    })

    it('keeps content in the repository that it was pushed to', async () => {
      const registry = await open()
      const { descriptor, layerDescriptor } = await pushManifest(registry.repository('a/b'))
      for (const name of ['a', 'a/c', 'a/b/c']) {
        expect(await registry.repository(name).exists(descriptor)).toBe(false)
        expect(await registry.repository(name).exists(layerDescriptor)).toBe(false)
      }
    })

    it('mounts a blob of another repository, and nothing that is not there', async () => {
      const registry = await open()
      const { descriptor, layerDescriptor } = await pushManifest(registry.repository('a/b'))
      const target = registry.repository('c/d')
      expect(await target.mount(layerDescriptor, 'a/b')).toBe(true)
      expect(Buffer.compare(await fetchAll(target, layerDescriptor, 1000), LAYER)).toBe(0)
      expect(await target.mount(layerDescriptor, 'x/y')).toBe(false)
      expect(await target.mount(describeBytes(TYPE, Buffer.from('missing')), 'a/b')).toBe(false)
      expect(await target.mount(descriptor, 'a/b')).toBe(false)
      expect(await target.exists(descriptor)).toBe(false)
    })

    it('resolves and fetches a manifest by digest and by tag, byte for byte', async () => {
      const target = (await open()).repository('a/b')
      const { descriptor, bytes } = await pushManifest(target)
      await target.tag(descriptor, 'v1', 'latest')
      for (const reference of ['v1', 'latest', descriptor.digest]) {
        expect(await target.resolve(reference)).toEqual(descriptor)
      }
      expect(Buffer.compare(await fetchAll(target, descriptor, 10_000), bytes)).toBe(0)
      expect(await collect(target.tags())).toEqual(['latest', 'v1'])
    })

    it('moves a tag, and removes it without its manifest', async () => {
      const target = (await open()).repository('a/b')
      const first = await pushManifest(target)
      const second = await pushManifest(target, { artifactType: 'application/vnd.example' })
      await target.tag(first.descriptor, 'x', 'y')
      await target.tag(second.descriptor, 'x')
      expect(await target.resolve('x')).toEqual(second.descriptor)
      await target.untag('x')
      await target.untag('x')
      expect(await codeOf(target.resolve('x'))).toBe('not_found')
      expect(await target.exists(second.descriptor)).toBe(true)
      expect(await collect(target.tags())).toEqual(deletes ? ['y'] : ['x', 'y'])
    })

    it('tags only what it has', async () => {
      const target = (await open()).repository('a/b')
      await pushManifest(target)
      const missing = describeBytes(MEDIA_TYPE.manifest, Buffer.from('{}'))
      expect(await codeOf(target.tag(missing, 'v1'))).toBe('not_found')
      expect(await codeOf(target.resolve('v1'))).toBe('not_found')
    })

    it('deletes a manifest with all its tags, and no other', async () => {
      const target = (await open()).repository('a/b')
      const first = await pushManifest(target)
      const second = await pushManifest(target, { artifactType: 'application/vnd.example' })
      await target.tag(first.descriptor, 'v1', 'stable')
      await target.tag(second.descriptor, 'v2')
      await target.delete(first.descriptor)
      await target.delete(first.descriptor)
      for (const reference of ['v1', 'stable', ...(deletes ? [first.descriptor.digest] : [])]) {
        expect(await codeOf(target.resolve(reference)), reference).toBe('not_found')
      }
      expect(await collect(target.tags())).toEqual(deletes ? ['v2'] : ['stable', 'v1', 'v2'])
      expect(await target.exists(second.layerDescriptor)).toBe(true)
    })

    it('lists the referrers of a manifest, all or of one type', async () => {
      const target = (await open()).repository('a/b')
      const subject = (await pushManifest(target)).descriptor
      const signature = await pushManifest(target, {
        subject,
        artifactType: 'application/vnd.example.signature',
      })
      const report = await pushManifest(target, { subject, artifactType: 'application/vnd.example.report' })
      const all = await collect(target.referrers(subject.digest))
      expect(all.map(({ digest }) => digest).sort()).toEqual(
        [signature, report].map((r) => r.descriptor.digest).sort(),
      )
      expect(await collect(target.referrers(subject.digest, 'application/vnd.example.report'))).toEqual([
        {
          ...report.descriptor,
          artifactType: 'application/vnd.example.report',
          annotations: { note: 'kept' },
        },
      ])
      await target.delete(report.descriptor)
      expect((await collect(target.referrers(subject.digest))).map(({ digest }) => digest)).toEqual([
        signature.descriptor.digest,
      ])
      expect(await collect(target.referrers(signature.descriptor.digest))).toEqual([])
    })

    it('refuses references that are none', async () => {
      const target = (await open()).repository('a/b')
      const { descriptor } = await pushManifest(target)
      for (const reference of [
        '',
        'a b',
        'a/b',
        '.x',
        '-x',
        'x'.repeat(129),
        'sha256:abc',
        'md5:00',
        '../x',
      ]) {
        expect(await codeOf(target.resolve(reference)), reference).toMatch(/invalid_reference|invalid_digest/)
        expect(await codeOf(target.tag(descriptor, reference)), reference).toMatch(
          /invalid_reference|invalid_digest|not_found/,
        )
      }
      expect(await collect(target.tags())).toEqual([])
    })

    it('is copied to and from, graph by graph', async () => {
      const registry = await open()
      const source = registry.repository('a/b')
      const { descriptor, layerDescriptor } = await pushManifest(source)
      const index = encodeManifest({ schemaVersion: 2, mediaType: MEDIA_TYPE.index, manifests: [descriptor] })
      const indexDescriptor = describeBytes(MEDIA_TYPE.index, index)
      await source.push(indexDescriptor, index)
      await source.tag(indexDescriptor, 'v1')

      const memory = new MemoryRegistry().repository('x')
      expect(await copy(source, 'v1', memory, 'copied')).toEqual(indexDescriptor)
      const back = registry.repository('c/d')
      await copy(memory, 'copied', back, 'back')
      expect(await back.resolve('back')).toEqual(indexDescriptor)
      expect(await back.exists(descriptor)).toBe(true)
      expect(Buffer.compare(await fetchAll(back, layerDescriptor, 1000), LAYER)).toBe(0)
    })
  })
}
