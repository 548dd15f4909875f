/**
 * gzip (RFC 1952) with the same bytes on every platform. The output of Node's zlib differs by processor and release;
 * that of pako does not (docs/decisions/archives.md).
 */

import type { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { crc32, createGunzip, createZstdDecompress } from 'node:zlib'
import { Deflate } from 'pako'
import { GrowingBuffer } from '../core/growing-buffer.ts'
import { type Content, streamOf } from '../oci/content.ts'
import { invalidArchive } from './invalid-archive.ts'

const LEVEL = 6

/** Magic, deflate, no flags, no time, no hints, operating system unknown. */
const NOTHING = new Uint8Array(0)

const HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff])

/** Compresses the parts of one content, whose bounds do not change the output. */
export function gzip(parts: Iterable<Uint8Array>): Buffer {
  const deflate = new Deflate({ level: LEVEL, raw: true })
  let checksum = 0
  let size = 0
  for (const part of parts) {
    checksum = crc32(part, checksum)
    size += part.byteLength
    deflate.push(part, false)
  }
  deflate.push(NOTHING, true)
  const trailer = Buffer.alloc(8)
  trailer.writeUInt32LE(checksum, 0)
  trailer.writeUInt32LE(size, 4)
  return Buffer.concat([HEADER, deflate.result, trailer])
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
  const expected = content instanceof Uint8Array ? plainSize(content) : 0
  return inflated(content, { how: createGunzip(), name: 'gzip', expected, limit, tooLarge })
}

/** The same for Zstandard (RFC 8878), which only other tools write. */
export async function unzstd(content: Content, limit: number, tooLarge: () => Error): Promise<Buffer> {
  return inflated(content, { how: createZstdDecompress(), name: 'zstd', expected: 0, limit, tooLarge })
}

type Inflation = {
  how: Transform
  name: string
  /** The size of the plain bytes, which may be wrong: with the right one they need not be copied. */
  expected: number
  limit: number
  tooLarge: () => Error
}

async function inflated(content: Content, options: Inflation): Promise<Buffer> {
  const { how, name, expected, limit, tooLarge } = options
  const plain = new GrowingBuffer(expected, limit)
  try {
    await pipeline(streamOf(content), how, async (chunks: AsyncIterable<Buffer>) => {
      for await (const chunk of chunks) if (!plain.add(chunk)) throw tooLarge()
    })
  } catch (error) {
    throw isZlibError(error)
      ? invalidArchive(
          `the archive is not a complete ${name} file (${error.message}): pack it again, as with tar -cz`,
        )
      : error
  }
  return plain.bytes
}

function isZlibError(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && /^Z(?:STD)?_/.test(String(error.code))
}
