/** The contract of every implementation of `Repository`. */
import { describe, expect, it } from 'vitest'
import type { Content } from '../../src/oci/content.ts'
import { copy } from '../../src/oci/copy.ts'
import { describe as describeBytes } from '../../src/oci/descriptor.ts'
import { OciError } from '../../src/oci/errors.ts'
import { encodeManifest, type Manifest } from '../../src/oci/manifest.ts'
import { MEDIA_TYPE } from '../../src/oci/media-types.ts'
import { MemoryRegistry } from '../../src/oci/memory.ts'
import { fetchAll, type Registry, type Repository } from '../../src/oci/roles.ts'
import { inChunks } from '../support/chunks.ts'
import { pushManifest } from '../support/manifests.ts'

const LAYER = Buffer.from('some layer')
const TYPE = 'application/vnd.example.layer'

async function codeOf(work: Promise<unknown>): Promise<string | undefined> {
  return work.then(
    () => undefined,
    (error) => {
      expect(error).toBeInstanceOf(OciError)
      return error.code
    },
  )
}

async function pushWithLayer(target: Repository, fields: Partial<Manifest> = {}) {
  const layerDescriptor = describeBytes(TYPE, LAYER)
  await target.push(layerDescriptor, LAYER)
  const manifest = await pushManifest(target, {
    layers: [layerDescriptor],
    annotations: { note: 'kept' },
    ...fields,
  })
  return { ...manifest, layerDescriptor }
}

/** `deletes` is false for a registry that cannot delete: removed tags no longer resolve there, but are still listed. */
export function ociRepositorySuite(
  kind: string,
  open: () => Promise<Registry>,
  { deletes = true } = {},
): void {
  describe(`an OCI repository: ${kind}`, () => {
    it('answers a ping', async () => {
      await (await open()).ping()
    })

    it('stores a blob that is pushed as bytes or as a stream, once or repeatedly', async () => {
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

    it('rejects content that does not match its descriptor, and stores none of it', async () => {
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

    it('has no content before it is pushed', async () => {
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
      expect(await codeOf(Array.fromAsync(target.tags()))).toBe('not_found')
    })

    it('keeps content within the repository that it was pushed to', async () => {
      const registry = await open()
      const { descriptor, layerDescriptor } = await pushWithLayer(registry.repository('a/b'))
      for (const name of ['a', 'a/c', 'a/b/c']) {
        expect(await registry.repository(name).exists(descriptor)).toBe(false)
        expect(await registry.repository(name).exists(layerDescriptor)).toBe(false)
      }
    })

    it('mounts an existing blob of another repository, and nothing else', async () => {
      const registry = await open()
      const { descriptor, layerDescriptor } = await pushWithLayer(registry.repository('a/b'))
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
      const { descriptor, bytes } = await pushWithLayer(target)
      await target.tag(descriptor, 'v1', 'latest')
      for (const reference of ['v1', 'latest', descriptor.digest]) {
        expect(await target.resolve(reference)).toEqual(descriptor)
      }
      expect(Buffer.compare(await fetchAll(target, descriptor, 10_000), bytes)).toBe(0)
      expect(await Array.fromAsync(target.tags())).toEqual(['latest', 'v1'])
    })

    it('moves a tag, and removes it but not its manifest', async () => {
      const target = (await open()).repository('a/b')
      const first = await pushWithLayer(target)
      const second = await pushWithLayer(target, { artifactType: 'application/vnd.example' })
      await target.tag(first.descriptor, 'x', 'y')
      await target.tag(second.descriptor, 'x')
      expect(await target.resolve('x')).toEqual(second.descriptor)
      await target.untag('x')
      await target.untag('x')
      expect(await codeOf(target.resolve('x'))).toBe('not_found')
      expect(await target.exists(second.descriptor)).toBe(true)
      expect(await Array.fromAsync(target.tags())).toEqual(deletes ? ['y'] : ['x', 'y'])
    })

    it('tags only existing manifests', async () => {
      const target = (await open()).repository('a/b')
      await pushWithLayer(target)
      const missing = describeBytes(MEDIA_TYPE.manifest, Buffer.from('{}'))
      expect(await codeOf(target.tag(missing, 'v1'))).toBe('not_found')
      expect(await codeOf(target.resolve('v1'))).toBe('not_found')
    })

    it('deletes a manifest with all its tags, and no others', async () => {
      const target = (await open()).repository('a/b')
      const first = await pushWithLayer(target)
      const second = await pushWithLayer(target, { artifactType: 'application/vnd.example' })
      await target.tag(first.descriptor, 'v1', 'stable')
      await target.tag(second.descriptor, 'v2')
      await target.delete(first.descriptor)
      await target.delete(first.descriptor)
      for (const reference of ['v1', 'stable', ...(deletes ? [first.descriptor.digest] : [])]) {
        expect(await codeOf(target.resolve(reference)), reference).toBe('not_found')
      }
      expect(await Array.fromAsync(target.tags())).toEqual(deletes ? ['v2'] : ['stable', 'v1', 'v2'])
      expect(await target.exists(second.layerDescriptor)).toBe(true)
    })

    it('lists the referrers of a manifest, of all types or of one', async () => {
      const target = (await open()).repository('a/b')
      const subject = (await pushWithLayer(target)).descriptor
      const signature = await pushWithLayer(target, {
        subject,
        artifactType: 'application/vnd.example.signature',
      })
      const report = await pushWithLayer(target, { subject, artifactType: 'application/vnd.example.report' })
      const all = await Array.fromAsync(target.referrers(subject.digest))
      expect(all.map(({ digest }) => digest).sort()).toEqual(
        [signature, report].map((r) => r.descriptor.digest).sort(),
      )
      expect(
        await Array.fromAsync(target.referrers(subject.digest, 'application/vnd.example.report')),
      ).toEqual([
        {
          ...report.descriptor,
          artifactType: 'application/vnd.example.report',
          annotations: { note: 'kept' },
        },
      ])
      await target.delete(report.descriptor)
      expect((await Array.fromAsync(target.referrers(subject.digest))).map(({ digest }) => digest)).toEqual([
        signature.descriptor.digest,
      ])
      expect(await Array.fromAsync(target.referrers(signature.descriptor.digest))).toEqual([])
    })

    it('rejects malformed references', async () => {
      const target = (await open()).repository('a/b')
      const { descriptor } = await pushWithLayer(target)
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
      expect(await Array.fromAsync(target.tags())).toEqual([])
    })

    it('copies a whole graph to and from another store', async () => {
      const registry = await open()
      const source = registry.repository('a/b')
      const { descriptor, layerDescriptor } = await pushWithLayer(source)
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
