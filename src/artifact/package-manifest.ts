/** The manifest of a package revision, in a form that Flux, Argo CD, Config Sync, oras and Renovate all take. */

import type { Artifact, RevisionRecord } from '../domain/package-revision.ts'
import { type Descriptor, describe } from '../oci/descriptor.ts'
import { encodeManifest } from '../oci/manifest.ts'
import { MEDIA_TYPE } from '../oci/media-types.ts'
import { writeAnnotations } from './annotations.ts'
import type { Blob, PackedLayer } from './layer.ts'

export const PACKAGE_ARTIFACT_TYPE = 'application/vnd.pkgserver.package.v1+json'

/** The layer of a manifest, just packed or already in the registry. */
export type LayerReference = Omit<Artifact, 'digest' | 'size'>

export function layerReference({ layer, config, diffId }: PackedLayer): LayerReference {
  return {
    layerDigest: layer.descriptor.digest,
    layerSize: layer.descriptor.size,
    diffId,
    configDigest: config.descriptor.digest,
    configSize: config.descriptor.size,
  }
}

export function layerDescriptor(layer: LayerReference): Descriptor {
  return { mediaType: MEDIA_TYPE.layerTarGzip, digest: layer.layerDigest, size: layer.layerSize }
}

export function configDescriptor(layer: LayerReference): Descriptor {
  return { mediaType: MEDIA_TYPE.config, digest: layer.configDigest, size: layer.configSize }
}

export function packageManifest(record: RevisionRecord, layer: LayerReference): Blob {
  const bytes = encodeManifest({
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.manifest,
    artifactType: PACKAGE_ARTIFACT_TYPE,
    config: configDescriptor(layer),
    layers: [
      {
        ...layerDescriptor(layer),
        // As `oras push <reference> .` does, so that `oras pull` unpacks the layer into its output directory.
        annotations: {
          'org.opencontainers.image.title': '.',
          'io.deis.oras.content.unpack': 'true',
          'io.deis.oras.content.digest': layer.diffId,
        },
      },
    ],
    annotations: writeAnnotations(record),
  })
  return { descriptor: describe(MEDIA_TYPE.manifest, bytes), bytes }
}
