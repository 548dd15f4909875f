/** Packs the files of a package as the layer of an artifact, a tar.gz, and unpacks them again. */

import { createHash, type Hash } from 'node:crypto'
import type { PackageFiles, Upload } from '../domain/package-files.ts'
import { type ResourceLimits, tooManyBytes } from '../domain/resources.ts'
import type { Content } from '../oci/content.ts'
import { type Descriptor, describe } from '../oci/descriptor.ts'
import { digestFrom } from '../oci/digest.ts'
import { MEDIA_TYPE } from '../oci/media-types.ts'
import { gunzip, gzip } from './gzip.ts'
import { isMacFile } from './mac-files.ts'
import { readTar } from './tar/read-tar.ts'
import { writeTar } from './tar/write-tar.ts'

export type Blob = { descriptor: Descriptor; bytes: Uint8Array }

export type PackedLayer = {
  layer: Blob
  config: Blob
  /** Digest of the plain tar. */
  diffId: string
}

/** The most that a file or a directory takes in a tar beside its content: headers, padding and a long name. */
const MAX_OVERHEAD = 4 * 1024

/** Deterministic: the same files give the same bytes, in any order, at any time and on any machine. */
export function packLayer(files: PackageFiles): PackedLayer {
  const hash = createHash('sha256')
  const bytes = gzip(hashed(writeTar(files), hash))
  const diffId = digestFrom(hash, 'sha256')
  return {
    layer: { descriptor: describe(MEDIA_TYPE.layerTarGzip, bytes), bytes },
    config: configBlob(diffId),
    diffId,
  }
}

function* hashed(parts: Iterable<Uint8Array>, hash: Hash): Generator<Uint8Array> {
  for (const part of parts) {
    hash.update(part)
    yield part
  }
}

/** The config of the artifact with this layer. */
export function configBlob(diffId: string): Blob {
  const bytes = Buffer.from(JSON.stringify(configOf(diffId)))
  return { descriptor: describe(MEDIA_TYPE.config, bytes), bytes }
}

/**
 * Layers that pkgserver packed take the same strict way as uploads: after a reindex the registry says which layer a
 * revision has, and others can push there. Throws `invalid_archive`, naming the entry, or `too_large`.
 */
export async function unpackLayer(content: Content, limits: ResourceLimits): Promise<PackageFiles> {
  return readTar(await plainTar(content, limits), limits)
}

/** Unpacks an upload, without the files that only macOS needs. Throws as `unpackLayer` does. */
export async function unpackUpload({ archive }: Upload, limits: ResourceLimits): Promise<PackageFiles> {
  return readTar(await plainTar(archive, limits), limits, isMacFile)
}

function plainTar(content: Content, limits: ResourceLimits): Promise<Buffer> {
  return gunzip(content, maxTarBytes(limits), () => tooManyBytes(limits))
}

/** The largest tar of a package within the limits. */
export function maxTarBytes({ maxBytes, maxFiles }: ResourceLimits): number {
  return maxBytes + 2 * maxFiles * MAX_OVERHEAD
}

/** An image config, so that image tools can read the artifact. The fixed time keeps it deterministic. */
function configOf(diffId: string): object {
  return {
    created: '1970-01-01T00:00:00Z',
    architecture: '',
    os: '',
    config: {},
    rootfs: { type: 'layers', diff_ids: [diffId] },
  }
}
