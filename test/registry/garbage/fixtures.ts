/** The content that random programs push: blobs, images, indexes and referrers. */
import { describe as describeContent } from '../../../src/oci/descriptor.ts'
import { digestOf } from '../../../src/oci/digest.ts'
import { encodeManifest, type Index, type Manifest, successors } from '../../../src/oci/manifest.ts'
import { MEDIA_TYPE } from '../../../src/oci/media-types.ts'

export const BLOBS = Array.from({ length: 5 }, (_, i) => Buffer.from(`blob ${i}`))
export const BLOB_DIGESTS = BLOBS.map((bytes) => digestOf(bytes))

export type Thing = { bytes: Uint8Array; digest: string; manifest: Manifest | Index; blobs: string[] }

export function image(blobs: readonly Uint8Array[], more: Partial<Manifest> = {}): Thing {
  const [config, ...layers] = blobs.map((bytes) => describeContent('application/x', bytes))
  if (!config) throw new Error('an image has a config')
  return thing({ schemaVersion: 2, mediaType: MEDIA_TYPE.manifest, config, layers, ...more })
}

export function index(children: readonly Thing[], more: Partial<Index> = {}): Thing {
  return thing({
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.index,
    manifests: children.map(descriptorOf),
    ...more,
  })
}

export function descriptorOf({ manifest, bytes }: Thing) {
  return describeContent(manifest.mediaType ?? '', bytes)
}

function thing(manifest: Manifest | Index): Thing {
  const bytes = encodeManifest(manifest)
  const blobs = 'manifests' in manifest ? [] : successors(manifest).map(({ digest }) => digest)
  return { bytes, digest: digestOf(bytes), manifest, blobs }
}

const [b0, b1, b2, b3, b4] = BLOBS as [Buffer, Buffer, Buffer, Buffer, Buffer]
const first = image([b0, b1])
const second = image([b0, b2])
const both = index([first, second])
const signature = image([b3, b4], { subject: descriptorOf(first) })
/** Ordered so that children and subjects come before the manifests that refer to them. */
export const THINGS: readonly Thing[] = [
  first,
  second,
  image([b1]),
  both,
  index([both, second], { annotations: { a: 'nested' } }),
  signature,
  image([b3], { subject: descriptorOf(both) }),
  image([b4], { subject: descriptorOf(signature) }),
]
