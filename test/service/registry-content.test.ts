import { describe, expect, it } from 'vitest'
import { describe as describeContent } from '../../src/oci/descriptor.ts'
import { encodeManifest, type Manifest } from '../../src/oci/manifest.ts'
import { MEDIA_TYPE } from '../../src/oci/media-types.ts'
import { getRevision } from '../../src/service/change-revision.ts'
import { readLayer } from '../../src/service/registry-content.ts'
import { memoryApp } from '../support/app.ts'
import { reindexed } from '../support/reindexed.ts'
import { pax, tarEntry, tarGz } from '../support/tar.ts'

const END = Buffer.alloc(1024)
const file = (name: string) => ({ name, content: 'a: 1\n' })

describe('a layer that another client put into the registry, after a reindex', () => {
  // Go's archive/tar, and with it Flux, sees other files in both than tar-stream (docs/decisions/archives.md).
  it.each([
    [
      'a file behind its end',
      tarGz([file('shown.yaml')], Buffer.concat([END, tarEntry(file('more.yaml')), END])),
    ],
    [
      'a name in a global header',
      tarGz([pax({ path: 'shown.yaml' }, 'g'), pax({ mtime: '1' }), file('x.yaml')]),
    ],
  ])('is not shown to reviewers if it has %s', async (_, bytes) => {
    const app = await memoryApp()
    await app.client.createRepository()
    const { name } = await app.client.publish('ws1')
    const repository = app.parts.ctx.registry.repository('blueprints/nf/upf')
    const response = await app.client.send('/v2/blueprints/nf/upf/manifests/v1')
    const manifest = (await response.json()) as Manifest
    const layer = describeContent(MEDIA_TYPE.layerTarGzip, bytes)
    await repository.push(layer, bytes)
    const changed = encodeManifest({
      ...manifest,
      layers: manifest.layers.map((found) => ({ ...found, ...layer })),
    })
    const descriptor = describeContent(MEDIA_TYPE.manifest, changed)
    await repository.push(descriptor, changed)
    await repository.tag(descriptor, 'v1', 'v1.0.0', 'latest')

    const { ctx } = (await reindexed(app)).parts
    const revision = await getRevision(ctx.db, name)
    expect(revision.artifact.digest).toBe(descriptor.digest)
    await expect(readLayer(ctx, revision)).rejects.toMatchObject({ code: 'invalid_archive' })
  })
})
