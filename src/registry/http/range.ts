import { RegistryError } from '../errors.ts'
import type { Range } from '../store/blob-store.ts'
import type { ChunkRange } from '../uploads.ts'

/**
 * Parses a Range header (RFC 9110, section 14). Returns undefined for the whole blob, which also answers several ranges
 * and other units, as a server may ignore those. Throws, with status 416, if no byte is in the range.
 */
export function parseRange(header: string | undefined, size: number): Range | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '')
  const [, from = '', to = ''] = match ?? []
  if (!match || (from === '' && to === '')) return undefined
  const start = from === '' ? Math.max(0, size - Number(to)) : Number(from)
  const end = from === '' || to === '' ? size - 1 : Math.min(Number(to), size - 1)
  if (start <= end) return { start, end }
  throw new RegistryError('BLOB_UPLOAD_INVALID', `no byte of the ${size} is in the range ${header}`, {
    status: 416,
    headers: { 'Content-Range': `bytes */${size}` },
  })
}

/** Parses the Content-Range of a chunk, which has no unit in the distribution spec: `0-1023`. */
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
