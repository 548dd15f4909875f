/** Artifacts of other tools, and hostile ones. */
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { expect, it, describe as suite } from 'vitest'
import {
  type ForeignOptions,
  fetchForeignArtifact,
  unpackForeignLayers,
} from '../../src/artifact/foreign-artifact.ts'
import { DEFAULT_LIMITS, type ResourceLimits } from '../../src/domain/resources.ts'
import { readAll, type Stream } from '../../src/oci/content.ts'
import { type Descriptor, describe } from '../../src/oci/descriptor.ts'
import { encodeManifest } from '../../src/oci/manifest.ts'
import { MEDIA_TYPE } from '../../src/oci/media-types.ts'
import { MemoryRepository } from '../../src/oci/memory.ts'
import type { Fetcher } from '../../src/oci/roles.ts'
import { tar, tarGz } from '../support/tar.ts'

const FLUX = 'application/vnd.cncf.flux.content.v1.tar+gzip'
const IMAGE_TAR = 'application/vnd.oci.image.layer.v1.tar'
const HELM = 'application/vnd.cncf.helm.chart.content.v1.tar+gzip'
const YAML = 'kind: x\n'

type Layer = [mediaType: string, bytes: string | Buffer, annotations?: Record<string, string>]

const titled = (title: string) => ({ 'org.opencontainers.image.title': title })
const unpacked = (title: string) => ({ ...titled(title), 'io.deis.oras.content.unpack': 'true' })

const oneFile = [{ name: 'a.yaml', content: YAML }]

async function pushed(layers: Layer[]): Promise<{ repository: MemoryRepository; manifest: Descriptor }> {
  const repository = new MemoryRepository()
  const descriptors: Descriptor[] = []
  for (const [mediaType, content, annotations] of layers) {
    const bytes = Buffer.from(content)
    const descriptor = describe(mediaType, bytes)
    await repository.push(descriptor, bytes)
    descriptors.push({ ...descriptor, ...(annotations && { annotations }) })
  }
  return {
    repository,
    manifest: await put(repository, { config: describe('x/y', Buffer.from('{}')), layers: descriptors }),
  }
}

async function put(repository: MemoryRepository, content: object): Promise<Descriptor> {
  const index = 'manifests' in content
  const mediaType = index ? MEDIA_TYPE.index : MEDIA_TYPE.manifest
  const bytes = encodeManifest({ schemaVersion: 2, mediaType, ...content } as never)
  const descriptor = describe(mediaType, bytes)
  await repository.push(describe('x/y', Buffer.from('{}')), Buffer.from('{}'))
  await repository.push(descriptor, bytes)
  return descriptor
}

async function read(
  layers: Layer[],
  limits: ResourceLimits = DEFAULT_LIMITS,
): Promise<Record<string, string>> {
  const { repository, manifest } = await pushed(layers)
  return filesOf(repository, manifest, limits)
}

async function readForeign(source: Fetcher, root: Descriptor, options: ForeignOptions) {
  const { layers } = await fetchForeignArtifact(source, root, options)
  return { files: await unpackForeignLayers(layers, options.limits) }
}

async function filesOf(repository: MemoryRepository, manifest: Descriptor, limits = DEFAULT_LIMITS) {
  const { files } = await readForeign(repository, manifest, { limits, timeout: 1000 })
  return Object.fromEntries(
    [...files.resources].map(([path, bytes]) => [path, Buffer.from(bytes).toString()]),
  )
}

suite('reading a foreign artifact', () => {
  const READABLE: Record<string, { layers: Layer[]; files?: Record<string, string> }> = {
    'Flux, a tar.gz': { layers: [[FLUX, tarGz(oneFile)]] },
    'Flux, a file as it is': {
      layers: [['application/vnd.cncf.flux.content.v1.json', YAML]],
      files: { 'content.json': YAML },
    },
    'oras, a file without a type': { layers: [[IMAGE_TAR, YAML, titled('a.yaml')]] },
    'oras, a file with its type': { layers: [['application/yaml', YAML, titled('./a.yaml')]] },
    'oras, several files': {
      layers: [
        ['application/yaml', YAML, titled('a.yaml')],
        [IMAGE_TAR, 'b', titled('sub/b.txt')],
      ],
      files: { 'a.yaml': YAML, 'sub/b.txt': 'b' },
    },
    'oras, a directory': {
      layers: [
        [
          `${IMAGE_TAR}+gzip`,
          tarGz([
            { name: 'sub/', type: '5' },
            { name: 'sub/a.yaml', content: YAML },
          ]),
          unpacked('sub'),
        ],
      ],
      files: { 'sub/a.yaml': YAML },
    },
    'oras, a directory with a type of its own': {
      layers: [['application/vnd.example.x', tarGz(oneFile), unpacked('.')]],
    },
    'oras, a tar.gz that was packed before': { layers: [[FLUX, tarGz(oneFile), titled('x.tgz')]] },
    'oras, an archive that counts as a file': {
      layers: [['application/octet-stream', 'PK', titled('x.zip')]],
      files: { 'x.zip': 'PK' },
    },
    'a plain tar': { layers: [[IMAGE_TAR, tar(oneFile)]] },
    'a plain tar of a gzip type': { layers: [[FLUX, tar(oneFile)]] },
    'a tar.zst': { layers: [[`${IMAGE_TAR}+zstd`, zstdCompressSync(tar(oneFile))]] },
    "docker's layer": { layers: [['application/vnd.docker.image.rootfs.diff.tar.gzip', tarGz(oneFile)]] },
    'an image with two layers': {
      layers: [
        [`${IMAGE_TAR}+gzip`, tarGz(oneFile)],
        [`${IMAGE_TAR}+gzip`, tarGz([...oneFile, { name: 'b', content: 'b' }])],
      ],
      files: { 'a.yaml': YAML, b: 'b' },
    },
    'a chart with its signature': {
      layers: [
        [
          HELM,
          tarGz([
            { name: 'upf/Chart.yaml', content: YAML },
            { name: 'upf/templates/a.yaml', content: '{{' },
          ]),
        ],
        ['application/vnd.cncf.helm.chart.provenance.v1.prov', 'signed'],
      ],
      files: { 'Chart.yaml': YAML, 'templates/a.yaml': '{{' },
    },
  }
  it.each(Object.entries(READABLE))('reads %s', async (_, { layers, files = { 'a.yaml': YAML } }) => {
    expect(await read(layers)).toEqual(files)
  })

  it('keeps the modes of files, of the last layer where two have the same file', async () => {
    const script = { name: 'run.sh', content: '#!' }
    const layers: Layer[] = [
      [
        FLUX,
        tarGz([
          { ...script, mode: '755' },
          { name: 'a.sh', content: 'a', mode: '644' },
        ]),
      ],
      [FLUX, tarGz([{ name: 'a.sh', content: 'a', mode: '700' }])],
      ['text/plain', '#!', titled('b.sh')],
    ]
    const { repository, manifest } = await pushed(layers)
    const options = { limits: DEFAULT_LIMITS, timeout: 1000 }
    const { files } = await readForeign(repository, manifest, options)
    expect(files.executables).toEqual(new Set(['run.sh', 'a.sh']))
    const chart = await pushed([[HELM, tarGz([{ name: 'upf/bin/run.sh', content: '#!', mode: '755' }])]])
    const read = await readForeign(chart.repository, chart.manifest, options)
    expect(read.files.executables).toEqual(new Set(['bin/run.sh']))
  })

  it('leaves out what macOS adds, and takes the folder of a chart off nevertheless', async () => {
    const layers: Layer[] = [
      [
        HELM,
        tarGz([
          { name: './._upf', content: 'x' },
          { name: './upf/._Chart.yaml', content: 'x' },
          { name: './upf/Chart.yaml', content: YAML },
          { name: './upf/.DS_Store', content: 'x' },
        ]),
      ],
      ['text/plain', 'x', titled('sub/.DS_Store')],
    ]
    const { repository, manifest } = await pushed(layers)
    const { files } = await readForeign(repository, manifest, {
      limits: DEFAULT_LIMITS,
      timeout: 1000,
    })
    expect([...files.resources.keys()]).toEqual(['Chart.yaml'])
    expect(files.leftOut).toEqual(['._upf', 'upf/._Chart.yaml', 'upf/.DS_Store', 'sub/.DS_Store'])
    await expect(read([[FLUX, tarGz([{ name: '._a', content: 'x' }])]])).rejects.toThrow('has no files')
  })

  const UNREADABLE: Record<string, { layers: Layer[]; says: string; code?: string }> = {
    'no layers': { layers: [], says: 'no layers with files' },
    'an empty layer': { layers: [[MEDIA_TYPE.empty, '{}']], says: 'no layers with files' },
    'an empty tar': { layers: [[FLUX, tarGz([])]], says: 'has no files' },
    garbage: { layers: [[FLUX, 'garbage']], says: 'should be a tar' },
    'garbage that has a title': { layers: [[FLUX, 'garbage', titled('a.tgz')]], says: 'should be a tar' },
    'garbage that should be unpacked': {
      layers: [[FLUX, 'garbage', unpacked('.')]],
      says: 'should be a tar',
    },
    'half a gzip': { layers: [[FLUX, tarGz(oneFile).subarray(0, 40)]], says: 'not a complete gzip file' },
    'half a zstd': {
      layers: [[FLUX, zstdCompressSync(tar(oneFile)).subarray(0, 30)]],
      says: 'not a complete zstd file',
    },
    'a path escape': { layers: [[FLUX, tarGz([{ name: '../a', content: YAML }])]], says: '"../a"' },
    'a title that escapes': { layers: [['text/plain', YAML, titled('../a')]], says: '"../a"' },
    'a title that is absolute': { layers: [['text/plain', YAML, titled('/etc/a')]], says: 'absolute' },
    'a link': {
      layers: [[FLUX, tarGz([{ name: 'a', type: '2', link: '/etc/passwd' }])]],
      says: 'symbolic link',
    },
    'an encrypted layer': { layers: [[`${IMAGE_TAR}+gzip+encrypted`, 'x']], says: 'is encrypted' },
    'an unknown type': { layers: [['application/vnd.acme', 'x']], says: 'application/vnd.acme' },
    'two files of one name': {
      layers: [
        ['text/plain', 'a', titled('x')],
        ['text/plain', 'b', titled('x')],
      ],
      says: 'two layers have different files "x"',
    },
    'a file that is also a directory': {
      layers: [
        ['text/plain', 'a', titled('x')],
        ['text/plain', 'b', titled('x/y')],
      ],
      says: 'both a file and a directory',
    },
  }
  it.each(Object.entries(UNREADABLE))('refuses %s', async (_, { layers, says }) => {
    await expect(read(layers)).rejects.toThrow(says)
  })

  it('keeps to the limits, before fetching and while unpacking', async () => {
    const limits = { maxBytes: 100, maxFiles: 3 }
    const bomb = gzipSync(Buffer.alloc(1 << 20))
    await expect(read([[FLUX, bomb]], limits)).rejects.toMatchObject({ code: 'too_large' })
    const many = [1, 2, 3, 4].map((number): Layer => ['text/plain', 'x', titled(`f${number}`)])
    await expect(read(many, limits)).rejects.toMatchObject({ code: 'too_large' })
    const { repository } = await pushed([])
    const huge = { mediaType: FLUX, digest: `sha256:${'0'.repeat(64)}`, size: 1 << 30 }
    const bytes = encodeManifest({
      schemaVersion: 2,
      mediaType: MEDIA_TYPE.manifest,
      config: describe('x/y', Buffer.from('{}')),
      layers: [huge],
    })
    const root = describe(MEDIA_TYPE.manifest, bytes)
    const source = {
      fetch: async (wanted: Descriptor) => (wanted === root ? once(bytes) : repository.fetch(wanted)),
    }
    const options = { limits: DEFAULT_LIMITS, timeout: 1000 }
    await expect(readForeign(source, root, options)).rejects.toMatchObject({ code: 'too_large' })
  })

  const LARGE: [title: string, unpacked: number, layer: (at: number) => Layer][] = [
    ['files', 2, (at) => [FLUX, tarGz([{ name: `a${at}`, content: 'x'.repeat(60_000) }])]],
    [
      'archives of small files',
      // 100,000 bytes, and the most that 40 files and folders can take beside them.
      Math.ceil(427_680 / 61_000),
      (at) => [FLUX, tarGz([{ name: `a${at}`, content: 'x' }], Buffer.alloc(60_000))],
    ],
  ]
  it.each(LARGE)(
    'keeps to the limits over all layers, and unpacks no more than fit: %s',
    async (_, expected, layer) => {
      const { repository, manifest } = await pushed(Array.from({ length: 40 }, (_, at) => layer(at)))
      const limits = { maxBytes: 100_000, maxFiles: 40 }
      const { layers } = await fetchForeignArtifact(repository, manifest, { limits, timeout: 10_000 })
      let read = 0
      const counted = layers.map(({ descriptor, bytes }) => ({
        descriptor,
        get bytes() {
          read++
          return bytes
        },
      }))
      await expect(unpackForeignLayers(counted, limits)).rejects.toMatchObject({ code: 'too_large' })
      expect(read).toBe(expected)
    },
  )

  it('follows an index to its only manifest', async () => {
    const { repository, manifest } = await pushed([[FLUX, tarGz(oneFile)]])
    const attestation = { ...manifest, annotations: { 'vnd.docker.reference.type': 'attestation-manifest' } }
    const one = await put(repository, { manifests: [manifest, attestation], annotations: { a: 'b' } })
    expect(await filesOf(repository, one)).toEqual({ 'a.yaml': YAML })
    const two = await put(repository, { manifests: [manifest, { ...manifest, size: manifest.size }] })
    await expect(filesOf(repository, two)).rejects.toThrow('index of 2 manifests')
    const none = await put(repository, { manifests: [] })
    await expect(filesOf(repository, none)).rejects.toThrow('index of 0 manifests')
    const deep = await put(repository, { manifests: [one] })
    await expect(filesOf(repository, deep)).rejects.toThrow('index of indexes')
  })

  it.each(['text/plain', MEDIA_TYPE.manifest, MEDIA_TYPE.index])(
    'gives up when it takes too long: %s',
    async (type) => {
      const { repository, manifest } = await pushed([['text/plain', 'slow', titled('a')]])
      const root = await put(repository, { manifests: [manifest] })
      const source = {
        fetch: async (wanted: Descriptor) => {
          const content = await repository.fetch(wanted)
          return wanted.mediaType === type ? slowly(content) : content
        },
      }
      const options = { limits: DEFAULT_LIMITS, timeout: 50 }
      await expect(readForeign(source, root, options)).rejects.toMatchObject({ code: 'unavailable' })
    },
  )

  it('gives up when all of its layers together take too long', async () => {
    const { repository, manifest } = await pushed(
      Array.from({ length: 20 }, (_, at): Layer => ['text/plain', `${at}`, titled(`f${at}`)]),
    )
    let fetched = 0
    const source = {
      fetch: async (wanted: Descriptor) => {
        fetched++
        await new Promise((resolve) => setTimeout(resolve, 30))
        return repository.fetch(wanted)
      },
    }
    const options = { limits: DEFAULT_LIMITS, timeout: 100 }
    await expect(readForeign(source, manifest, options)).rejects.toMatchObject({
      code: 'unavailable',
    })
    expect(fetched).toBeLessThan(20)
  })
})

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

async function* slowly(content: Stream): AsyncGenerator<Uint8Array> {
  for (const byte of await readAll(content, 10_000)) {
    yield Buffer.of(byte)
    await new Promise((resolve) => setTimeout(resolve, 30))
  }
}
