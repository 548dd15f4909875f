import { type Index, isIndex, type Manifest, parseManifest } from '../oci/manifest.ts'
import { isIndexType, isManifestType, MEDIA_TYPE } from '../oci/media-types.ts'
import { RegistryError } from './errors.ts'

/**
 * The media type of a stored manifest. It is not stored: the manifest says it, or is an OCI manifest or index by
 * its shape, and `checkedManifest` lets no other in.
 */
export function mediaTypeOf(manifest: Manifest | Index): string {
  return manifest.mediaType ?? (isIndex(manifest) ? MEDIA_TYPE.index : MEDIA_TYPE.manifest)
}

/** Parses a manifest that is pushed with a Content-Type. Throws MANIFEST_INVALID. */
export function checkedManifest(bytes: Uint8Array, contentType: string | undefined): Manifest | Index {
  const manifest = parse(bytes)
  const mediaType = mediaTypeOf(manifest)
  if (contentType !== undefined && contentType !== mediaType) {
    throw new RegistryError(
      'MANIFEST_INVALID',
      `the manifest is of type ${mediaType}, its Content-Type is ${contentType}`,
    )
  }
  if (!isManifestType(mediaType)) {
    throw new RegistryError('MANIFEST_INVALID', `manifests of type ${mediaType} are not supported`)
  }
  if (isIndexType(mediaType) !== isIndex(manifest)) {
    throw new RegistryError('MANIFEST_INVALID', `the manifest is not of the type ${mediaType} that it names`)
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
