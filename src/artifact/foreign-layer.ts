/** The files in a layer that somebody else has packed: with Flux, oras, Helm, or as an image. */

import { type ResourceLimits, type Resources, tooManyBytes } from '../domain/resources.ts'
import type { Descriptor } from '../oci/descriptor.ts'
import { gunzip, unzstd } from './gzip.ts'
import { invalidArchive } from './invalid-archive.ts'
import { maxTarBytes } from './layer.ts'
import { readTar } from './read-tar.ts'
import { isTarHeader } from './tar-format.ts'

const TITLE = 'org.opencontainers.image.title'
/** https://oras.land/docs/how_to_guides/pushing_and_pulling: what oras does with directories. */
const UNPACK = 'io.deis.oras.content.unpack'

const HELM_CHART = 'application/vnd.cncf.helm.chart.content.v1.tar+gzip'
/** Flux also keeps a single file as it is, with its extension behind the type. */
const FLUX_FILE = /^application\/vnd\.cncf\.flux\.content\.v1(?:\.([a-z0-9]+))?$/

/** Signatures of charts, and the blob that stands where an artifact has nothing. */
const NO_CONTENT = ['application/vnd.cncf.helm.chart.provenance.v1.prov', 'application/vnd.oci.empty.v1+json']

/** oras says "tar" of files, too, where nobody tells it what they are: so what is in them decides. */
const ARCHIVE_TYPE = /\btar\b|gzip|\btgz\b|zstd/
/** That nobody says by mistake: what is none is damaged. */
const COMPRESSED_TAR = /\btar[+.](?:gzip|zstd)\b/

/** Whether a layer has files of the package. */
export function hasContent({ mediaType }: Descriptor): boolean {
  return !NO_CONTENT.includes(mediaType)
}

/** Throws `invalid_archive`, naming the entry, or `too_large`. */
export async function readForeignLayer(
  layer: Descriptor,
  bytes: Uint8Array,
  limits: ResourceLimits,
): Promise<Resources> {
  const { mediaType } = layer
  const title = layer.annotations?.[TITLE]
  const unpack = layer.annotations?.[UNPACK] === 'true'
  if (mediaType.endsWith('+encrypted')) throw invalidArchive(`the layer ${layer.digest} is encrypted`)
  if (unpack || title === undefined || ARCHIVE_TYPE.test(mediaType)) {
    const tar = await tarOf(bytes, limits)
    if (tar !== undefined) {
      const files = readTar(tar, limits)
      return mediaType === HELM_CHART ? withoutTopFolder(files) : files
    }
  }
  if (unpack || COMPRESSED_TAR.test(mediaType)) {
    throw invalidArchive(`the layer ${layer.digest} shall be unpacked, and is no tar`)
  }
  const path = title ?? fluxFile(mediaType)
  if (path === undefined) {
    throw invalidArchive(`the layer ${layer.digest}, of the type ${mediaType}, is no tar, and has no title`)
  }
  return new Map([[path.replace(/^(?:\.\/+)+/, ''), bytes]])
}

/** The tar in these bytes, compressed or not; undefined where there is none. */
async function tarOf(bytes: Uint8Array, limits: ResourceLimits): Promise<Buffer | undefined> {
  const limit = maxTarBytes(limits)
  const tooLarge = (): Error => tooManyBytes(limits)
  const plain = startsWith(bytes, [0x1f, 0x8b])
    ? await gunzip(bytes, limit, tooLarge)
    : startsWith(bytes, [0x28, 0xb5, 0x2f, 0xfd])
      ? await unzstd(bytes, limit, tooLarge)
      : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return isTarHeader(plain) ? plain : undefined
}

function startsWith(bytes: Uint8Array, magic: readonly number[]): boolean {
  return magic.every((byte, at) => bytes[at] === byte)
}

function fluxFile(mediaType: string): string | undefined {
  const match = FLUX_FILE.exec(mediaType)
  return match ? `content.${match[1] ?? 'yaml'}` : undefined
}

/** A chart is in a folder of its name. */
function withoutTopFolder(files: Resources): Resources {
  const [first = ''] = files.keys()
  const folder = first.slice(0, first.indexOf('/') + 1)
  if (folder === '' || ![...files.keys()].every((path) => path.startsWith(folder))) return files
  return new Map([...files].map(([path, content]) => [path.slice(folder.length), content]))
}
