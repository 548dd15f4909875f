/** The layer of an artifact, and back: a package's files as one tar.gz. */

import { type ResourceLimits, type Resources, tooManyBytes } from '../domain/resources.ts'
import type { Content } from '../oci/content.ts'
import { type Descriptor, describe } from '../oci/descriptor.ts'
import { digestOf } from '../oci/digest.ts'
import { MEDIA_TYPE } from '../oci/media-types.ts'
import { gunzip, gzip } from './gzip.ts'
import { readTar } from './read-tar.ts'
import { writeTar } from './write-tar.ts'

export type Blob = { descriptor: Descriptor; bytes: Uint8Array }

export type PackedLayer = {
  layer: Blob
  config: Blob
  /** Digest of the plain tar. */
  diffId: string
}

/** What a file or a directory takes in a tar beside its content: header, padding, and a long name. */
const MAX_OVERHEAD = 4 * 1024

/** Packs files: the same files give the same bytes, whenever, wherever and in whatever order. */
export function packLayer(resources: Resources): PackedLayer {
  const tar = writeTar(resources)
  const diffId = digestOf(tar)
  const bytes = gzip(tar)
  return {
    layer: { descriptor: describe(MEDIA_TYPE.layerTarGzip, bytes), bytes },
    config: configBlob(diffId),
    diffId,
  }
}

/** The config of an artifact whose layer has this diffId. */
export function configBlob(diffId: string): Blob {
  const bytes = Buffer.from(JSON.stringify(configOf(diffId)))
  return { descriptor: describe(MEDIA_TYPE.config, bytes), bytes }
}

/** Throws `invalid_archive`, naming the entry, or `too_large`. */
export async function unpackLayer(content: Content, limits: ResourceLimits): Promise<Resources> {
  return readTar(await gunzip(content, maxTarBytes(limits), () => tooManyBytes(limits)), limits)
}

/** No tar of a package that keeps to the limits has more. */
export function maxTarBytes({ maxBytes, maxFiles }: ResourceLimits): number {
  return maxBytes + 2 * maxFiles * MAX_OVERHEAD
}

/** An image config, so that image tools read the artifact too; without a time, so that it is deterministic. */
function configOf(diffId: string): object {
  return {
    created: '1970-01-01T00:00:00Z',
    architecture: '',
    os: '',
    config: {},
    rootfs: { type: 'layers', diff_ids: [diffId] },
  }
}
