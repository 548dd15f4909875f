import { type Descriptor, describe } from '../../src/oci/descriptor.ts'
import {
  EMPTY_CONFIG_BYTES,
  EMPTY_DESCRIPTOR,
  encodeManifest,
  type Manifest,
} from '../../src/oci/manifest.ts'
import { MEDIA_TYPE } from '../../src/oci/media-types.ts'
import type { Repository } from '../../src/oci/roles.ts'

/** Pushes a manifest with an empty config and, by default, an empty layer. Other layers must exist. */
export async function pushManifest(
  target: Repository,
  fields: Partial<Manifest> = {},
): Promise<{ descriptor: Descriptor; bytes: Uint8Array }> {
  await target.push(EMPTY_DESCRIPTOR, EMPTY_CONFIG_BYTES)
  const bytes = encodeManifest({
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.manifest,
    config: EMPTY_DESCRIPTOR,
    layers: [EMPTY_DESCRIPTOR],
    ...fields,
  })
  const descriptor = describe(MEDIA_TYPE.manifest, bytes)
  await target.push(descriptor, bytes)
  return { descriptor, bytes }
}

/** Pushes a small manifest, a different one for each note. */
export async function pushNote(target: Repository, note: string, subject?: Descriptor): Promise<Descriptor> {
  const { descriptor } = await pushManifest(target, {
    artifactType: 'application/vnd.example.note',
    annotations: { note },
    ...(subject && { subject }),
  })
  return descriptor
}
