/** Reads one header block of a tar, strictly: a field that readers could understand differently is refused. */
import { decodeUtf8 } from '../../core/utf8.ts'
import { invalidArchive } from '../invalid-archive.ts'
import { BLOCK, checksum, FIELD } from './format.ts'

export type Header = { name: string; type: string; size: number; executable: boolean }

/** Returns the header at `offset`; undefined for a block of zeros, which ends the archive. */
export function readHeader(tar: Buffer, offset: number): Header | undefined {
  if (offset + BLOCK > tar.length) throw invalidArchive('the archive is truncated: it has no end marker')
  const block = tar.subarray(offset, offset + BLOCK)
  if (isZero(block)) return undefined
  const magic = field(block, FIELD.magic).toString('latin1')
  const posix = magic === 'ustar\0'
  const known = posix || magic === 'ustar ' || isZero(field(block, FIELD.magic))
  if (!known || readOctal(field(block, FIELD.checksum)) !== checksum(block)) {
    throw invalidArchive(`the archive is damaged, or not a tar: there is no header at byte ${offset}`)
  }
  // GNU tar keeps other things in the field of the prefix.
  const prefix = posix ? decodeName(field(block, FIELD.prefix)) : ''
  const suffix = decodeName(field(block, FIELD.name))
  const name = prefix ? `${prefix}/${suffix}` : suffix
  const size = readOctal(field(block, FIELD.size))
  if (size === undefined) throw invalidArchive(`entry "${name}" has no readable size`, name)
  return { name, type: field(block, FIELD.type).toString('latin1'), size, executable: isExecutable(block) }
}

/** Reports whether the owner may execute the file, the bit that git keeps. No other depends on the mode. */
function isExecutable(block: Buffer): boolean {
  return ((readOctal(field(block, FIELD.mode)) ?? 0) & 0o100) !== 0
}

/** Decodes the text up to the first NUL. */
export function decodeName(bytes: Buffer): string {
  const end = bytes.indexOf(0)
  const text = end < 0 ? bytes : bytes.subarray(0, end)
  const name = decodeUtf8(text)
  if (name !== undefined) return name
  const shown = text.toString('latin1')
  throw invalidArchive(`entry "${shown}": the name is not UTF-8`, shown)
}

function field(block: Buffer, [offset, length]: readonly [number, number]): Buffer {
  return block.subarray(offset, offset + length)
}

/** Octal digits between blanks, ended by NUL or blank; undefined for anything else, including base 256. */
function readOctal(bytes: Buffer): number | undefined {
  const digits = /^ *([0-7]*)[ \0]*$/.exec(bytes.toString('latin1'))?.[1]
  return digits === undefined ? undefined : Number.parseInt(digits || '0', 8)
}

const ZEROS = Buffer.alloc(64 * 1024)

export function isZero(bytes: Buffer): boolean {
  for (let at = 0; at < bytes.length; at += ZEROS.length) {
    const chunk = bytes.subarray(at, at + ZEROS.length)
    if (!chunk.equals(ZEROS.subarray(0, chunk.length))) return false
  }
  return true
}
