import { type Index, isIndex, type Manifest, parseManifest } from '../oci/manifest.ts'
import { isIndexType, isManifestType, MEDIA_TYPE } from '../oci/media-types.ts'
import { RegistryError } from './errors.ts'

/**
 * Returns the media type of a stored manifest. It is not stored separately: `checkedManifest` only accepts manifests
 * that declare their type, or whose shape is that of an OCI manifest or index.
 */
export function mediaTypeOf(manifest: Manifest | Index): string {
  return manifest.mediaType ?? (isIndex(manifest) ? MEDIA_TYPE.index : MEDIA_TYPE.manifest)
}

/** Parses a manifest and checks it against the Content-Type it was pushed with. Throws MANIFEST_INVALID. */
export function checkedManifest(bytes: Uint8Array, contentType: string | undefined): Manifest | Index {
  const manifest = parse(bytes)
  const mediaType = mediaTypeOf(manifest)
  if (contentType !== undefined && contentType !== mediaType) {
    throw new RegistryError(
      'MANIFEST_INVALID',
      `the manifest is of type ${mediaType}, but its Content-Type is ${contentType}`,
    )
  }
  if (!isManifestType(mediaType)) {
    throw new RegistryError('MANIFEST_INVALID', `manifests of type ${mediaType} are not supported`)
  }
  if (isIndexType(mediaType) !== isIndex(manifest)) {
    throw new RegistryError(
      'MANIFEST_INVALID',
      `the manifest declares the type ${mediaType} but does not have its fields`,
    )
  }
  return manifest
}

function parse(bytes: Uint8Array): Manifest | Index {
  try {
    return parseManifest(bytes)
  } catch (error) {
    throw new RegistryError('MANIFEST_INVALID', (error as Error).message, { cause: error })
  }
}
