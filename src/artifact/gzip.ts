/**
 * gzip (RFC 1952) with the same bytes on every platform. The output of Node's zlib differs by processor and release;
 * that of pako does not (docs/decisions/archives.md).
 */

import type { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { crc32, createGunzip, createZstdDecompress } from 'node:zlib'
import { deflateRaw } from 'pako'
import { type Content, streamOf } from '../oci/content.ts'
import { invalidArchive } from './invalid-archive.ts'

const LEVEL = 6

/** Magic, deflate, no flags, no time, no hints, operating system unknown. */
const HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff])

export function gzip(bytes: Uint8Array): Buffer {
  const trailer = Buffer.alloc(8)
  trailer.writeUInt32LE(crc32(bytes), 0)
  trailer.writeUInt32LE(bytes.byteLength, 4)
  return Buffer.concat([HEADER, deflateRaw(bytes, { level: LEVEL }), trailer])
}

/** Returns the size of the plain bytes, as the trailer has it. */
export function plainSize(gzipped: Uint8Array): number {
  const { buffer, byteOffset, byteLength } = gzipped
  return byteLength < 4 ? 0 : new DataView(buffer, byteOffset).getUint32(byteLength - 4, true)
}

/**
 * Decompresses a gzip stream. Throws `tooLarge` as soon as there are more than `limit` plain bytes, so that a bomb is
 * cut off early, and `invalid_archive` for content that is not gzip or is truncated.
 */
export async function gunzip(content: Content, limit: number, tooLarge: () => Error): Promise<Buffer> {
  return inflated(content, { how: createGunzip(), name: 'gzip', limit, tooLarge })
}

/** The same for Zstandard (RFC 8878), which only other tools write. */
export async function unzstd(content: Content, limit: number, tooLarge: () => Error): Promise<Buffer> {
  return inflated(content, { how: createZstdDecompress(), name: 'zstd', limit, tooLarge })
}

type Inflation = { how: Transform; name: string; limit: number; tooLarge: () => Error }

async function inflated(content: Content, { how, name, limit, tooLarge }: Inflation): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  try {
    await pipeline(streamOf(content), how, async (plain: AsyncIterable<Buffer>) => {
      for await (const chunk of plain) {
        size += chunk.byteLength
        if (size > limit) throw tooLarge()
        chunks.push(chunk)
      }
    })
  } catch (error) {
    throw isZlibError(error)
      ? invalidArchive(`the archive is not a complete ${name} file: ${error.message}`)
      : error
  }
  return Buffer.concat(chunks)
}

function isZlibError(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && /^Z(?:STD)?_/.test(String(error.code))
}
