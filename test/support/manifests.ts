import { type Descriptor, describe } from '../../src/oci/descriptor.ts'
import { EMPTY_CONFIG_BYTES, EMPTY_DESCRIPTOR, encodeManifest } from '../../src/oci/manifest.ts'
import { MEDIA_TYPE } from '../../src/oci/media-types.ts'
import type { Repository } from '../../src/oci/roles.ts'

/** Pushes a small manifest; another one for each note. */
export async function pushNote(target: Repository, note: string, subject?: Descriptor): Promise<Descriptor> {
  await target.push(EMPTY_DESCRIPTOR, EMPTY_CONFIG_BYTES)
  const bytes = encodeManifest({
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.manifest,
    artifactType: 'application/vnd.example.note',
    config: EMPTY_DESCRIPTOR,
    layers: [EMPTY_DESCRIPTOR],
    annotations: { note },
    ...(subject && { subject }),
  })
  const descriptor = describe(MEDIA_TYPE.manifest, bytes)
  await target.push(descriptor, bytes)
  return descriptor
}
