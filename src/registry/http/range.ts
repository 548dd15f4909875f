import { RegistryError } from '../errors.ts'
import type { Range } from '../store/blob-store.ts'
import type { ChunkRange } from '../uploads.ts'

/**
 * The part of a blob that a Range header asks for (RFC 9110, section 14). Undefined for the whole blob, and for several
 * ranges or other units, which a server may ignore. Throws with status 416 if the range has no byte of the blob.
 */
export function parseRange(header: string | undefined, size: number): Range | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '')
  const [, from = '', to = ''] = match ?? []
  if (!match || (from === '' && to === '')) return undefined
  const start = from === '' ? Math.max(0, size - Number(to)) : Number(from)
  const end = from === '' || to === '' ? size - 1 : Math.min(Number(to), size - 1)
  if (start <= end) return { start, end }
  throw new RegistryError(
    'BLOB_UPLOAD_INVALID',
    `the range ${header} is outside of the ${size} bytes of the blob`,
    {
      status: 416,
      headers: { 'Content-Range': `bytes */${size}` },
    },
  )
}

/** The Content-Range of a chunk. In this protocol it has no unit: `0-1023`. */
export function parseChunkRange(header: string | undefined): ChunkRange | undefined {
  if (header === undefined) return undefined
  const match = /^(\d{1,15})-(\d{1,15})$/.exec(header)
  const range = { start: Number(match?.[1]), end: Number(match?.[2]) }
  if (match && range.start <= range.end) return range
  throw new RegistryError(
    'BLOB_UPLOAD_INVALID',
    `Content-Range must be <first>-<last byte>, not "${header.slice(0, 100)}"`,
  )
}
