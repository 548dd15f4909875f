/** https://github.com/opencontainers/image-spec/blob/v1.1.1/media-types.md */
export const MEDIA_TYPE = {
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  index: 'application/vnd.oci.image.index.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layerTarGzip: 'application/vnd.oci.image.layer.v1.tar+gzip',
  empty: 'application/vnd.oci.empty.v1+json',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerManifestList: 'application/vnd.docker.distribution.manifest.list.v2+json',
} as const

const MANIFESTS: readonly string[] = [
  MEDIA_TYPE.manifest,
  MEDIA_TYPE.index,
  MEDIA_TYPE.dockerManifest,
  MEDIA_TYPE.dockerManifestList,
]

/** Reports whether content of this type lists other manifests. */
export function isIndexType(mediaType: string): boolean {
  return mediaType === MEDIA_TYPE.index || mediaType === MEDIA_TYPE.dockerManifestList
}

/** The Accept header of requests for manifests. */
export const MANIFEST_ACCEPT = MANIFESTS.join(', ')

/** Reports whether a registry stores content of this type as a manifest rather than as a blob. */
export function isManifestType(mediaType: string): boolean {
  return MANIFESTS.includes(mediaType)
}
