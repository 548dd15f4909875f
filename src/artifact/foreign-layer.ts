/** Reads layers that other tools packed: Flux, oras, Helm, or image builders. */

import { NO_FILES, type PackageFiles, plainFiles } from '../domain/package-files.ts'
import { type ResourceLimits, tooManyBytes, withoutDotSlash } from '../domain/resources.ts'
import type { Descriptor } from '../oci/descriptor.ts'
import { gunzip, unzstd } from './gzip.ts'
import { invalidArchive } from './invalid-archive.ts'
import { isMacFile } from './mac-files.ts'
import { isTarHeader } from './tar/format.ts'
import { readTar } from './tar/read-tar.ts'

const TITLE = 'org.opencontainers.image.title'
/** Set by oras on directories: https://oras.land/docs/how_to_guides/pushing_and_pulling */
const UNPACK = 'io.deis.oras.content.unpack'

const HELM_CHART = 'application/vnd.cncf.helm.chart.content.v1.tar+gzip'
/** Flux pushes a single file without packing it, with its extension behind the type. */
const FLUX_FILE = /^application\/vnd\.cncf\.flux\.content\.v1(?:\.([a-z0-9]+))?$/

/** Signatures of charts, and the blob of an artifact without content. */
const NO_CONTENT = ['application/vnd.cncf.helm.chart.provenance.v1.prov', 'application/vnd.oci.empty.v1+json']

/** By default oras gives any file a type with "tar" in it, so the content decides. */
const ARCHIVE_TYPE = /\btar\b|gzip|\btgz\b|zstd/
/** This media type is never accidental: other content is corrupt. */
const COMPRESSED_TAR = /\btar[+.](?:gzip|zstd)\b/

/** Returns true if the layer holds files of the package. */
export function hasContent({ mediaType }: Descriptor): boolean {
  return !NO_CONTENT.includes(mediaType)
}

/** Takes the bytes that it unpacks from the room that is left. Throws `invalid_archive`, naming the entry, or `too_large`. */
export async function readForeignLayer(
  layer: Descriptor,
  bytes: Uint8Array,
  limits: ResourceLimits,
  room: { bytes: number },
): Promise<PackageFiles> {
  const { mediaType } = layer
  const title = layer.annotations?.[TITLE]
  const unpack = layer.annotations?.[UNPACK] === 'true'
  if (mediaType.endsWith('+encrypted')) throw invalidArchive(`the layer ${layer.digest} is encrypted`)
  if (unpack || title === undefined || ARCHIVE_TYPE.test(mediaType)) {
    const tar = await tarOf(bytes, limits, room)
    if (tar !== undefined) {
      const files = readTar(tar, limits, isMacFile)
      return mediaType === HELM_CHART ? withoutTopFolder(files) : files
    }
  }
  if (unpack || COMPRESSED_TAR.test(mediaType)) {
    throw invalidArchive(`the layer ${layer.digest} should be a tar, and is not one`)
  }
  const path = withoutDotSlash(title ?? fluxFile(mediaType) ?? '')
  if (path === '') {
    throw invalidArchive(
      `the layer ${layer.digest} of type ${mediaType} is not a tar, and has no title to name a file after`,
    )
  }
  if (isMacFile(path)) return { ...NO_FILES, leftOut: [path] }
  return plainFiles(new Map([[path, bytes]]))
}

/** Returns the tar in these bytes, decompressed if necessary; undefined if they are not a tar. */
async function tarOf(
  bytes: Uint8Array,
  limits: ResourceLimits,
  room: { bytes: number },
): Promise<Buffer | undefined> {
  const tooLarge = (): Error => tooManyBytes(limits)
  const plain = startsWith(bytes, [0x1f, 0x8b])
    ? await gunzip(bytes, room.bytes, tooLarge)
    : startsWith(bytes, [0x28, 0xb5, 0x2f, 0xfd])
      ? await unzstd(bytes, room.bytes, tooLarge)
      : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  room.bytes -= plain.byteLength
  return isTarHeader(plain) ? plain : undefined
}

function startsWith(bytes: Uint8Array, magic: readonly number[]): boolean {
  return magic.every((byte, at) => bytes[at] === byte)
}

function fluxFile(mediaType: string): string | undefined {
  const match = FLUX_FILE.exec(mediaType)
  return match ? `content.${match[1] ?? 'yaml'}` : undefined
}

/** Helm packs a chart into a folder of its name. */
function withoutTopFolder(files: PackageFiles): PackageFiles {
  const { resources, executables } = files
  const [first = ''] = resources.keys()
  const folder = first.slice(0, first.indexOf('/') + 1)
  if (folder === '' || ![...resources.keys()].every((path) => path.startsWith(folder))) return files
  const inFolder = (path: string): string => path.slice(folder.length)
  return {
    ...files,
    resources: new Map([...resources].map(([path, content]) => [inFolder(path), content])),
    executables: new Set([...executables].map(inFolder)),
  }
}
