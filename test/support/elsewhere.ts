/** A source registry: an embedded one, on its own socket. */
import { gzipSync } from 'node:zlib'
import type { MiddlewareHandler } from 'hono'
import type { Annotations, Descriptor } from '../../src/oci/descriptor.ts'
import { describe } from '../../src/oci/descriptor.ts'
import { encodeManifest, type Index, type Manifest } from '../../src/oci/manifest.ts'
import { MEDIA_TYPE } from '../../src/oci/media-types.ts'
import { EmbeddedRegistry } from '../../src/registry/embedded-registry.ts'
import { MemoryStore } from '../../src/registry/store/memory-store.ts'
import { type Recorded, recording, registryBehind } from './registries.ts'
import { tar } from './tar.ts'

export const FLUX_LAYER = 'application/vnd.cncf.flux.content.v1.tar+gzip'
const FLUX_CONFIG = 'application/vnd.cncf.flux.config.v1+json'

export type Layer = { bytes: Buffer; mediaType?: string; annotations?: Annotations; descriptor?: Descriptor }

export type Elsewhere = {
  url: URL
  registry: EmbeddedRegistry
  requests: Recorded[]
  /** Pushes files as Flux does. Returns the digest. */
  flux: (
    name: string,
    tag: string,
    files: Record<string, string>,
    annotations?: Annotations,
  ) => Promise<string>
  /** Pushes an artifact of these layers. */
  push: (name: string, tag: string, layers: Layer[], annotations?: Annotations) => Promise<Descriptor>
  /** Puts any manifest under a tag. */
  put: (name: string, tag: string, manifest: Manifest | Index) => Promise<Descriptor>
}

export async function elsewhere(middlewares: MiddlewareHandler[] = []): Promise<Elsewhere> {
  const registry = new EmbeddedRegistry(new MemoryStore())
  const requests: Recorded[] = []
  const url = await registryBehind([recording(requests), ...middlewares], registry)
  const put: Elsewhere['put'] = async (name, tag, manifest) => {
    const bytes = encodeManifest(manifest)
    const descriptor = describe(manifest.mediaType ?? MEDIA_TYPE.manifest, bytes)
    const repository = registry.repository(name)
    await repository.push(descriptor, bytes)
    await repository.tag(descriptor, tag)
    return descriptor
  }
  const push: Elsewhere['push'] = async (name, tag, layers, annotations = {}) => {
    const repository = registry.repository(name)
    const config = Buffer.from('{}')
    const configDescriptor = describe(FLUX_CONFIG, config)
    await repository.push(configDescriptor, config)
    const descriptors: Descriptor[] = []
    for (const { bytes, mediaType = FLUX_LAYER, annotations: about, descriptor } of layers) {
      const described = descriptor ?? describe(mediaType, bytes)
      if (!descriptor) await repository.push(described, bytes)
      descriptors.push({ ...described, ...(about && { annotations: about }) })
    }
    return put(name, tag, {
      schemaVersion: 2,
      mediaType: MEDIA_TYPE.manifest,
      config: configDescriptor,
      layers: descriptors,
      annotations,
    })
  }
  return {
    url,
    registry,
    requests,
    put,
    push,
    flux: async (name, tag, files, annotations) =>
      (await push(name, tag, [{ bytes: tarOf(files) }], annotations)).digest,
  }
}

/** Returns a tar.gz of files, as a tar program writes it. */
export function tarOf(files: Record<string, string>): Buffer {
  return gzipSync(tar(Object.entries(files).map(([name, content]) => ({ name, content }))))
}
