/** Extended headers: POSIX.1-2017 pax, "pax Extended Header". */
import { decodeUtf8 } from '../../core/utf8.ts'
import { invalidArchive } from '../invalid-archive.ts'

export type PaxRecords = ReadonlyMap<string, string>

/** The keys that give the name or the size of an entry. */
const NAME_AND_SIZE = ['path', 'linkpath', 'size', 'hdrcharset']

/** The keys by which GNU tar, star and Solaris mark sparse files. */
const SPARSE = /^(?:GNU\.sparse\.|SCHILY\.realsize$|SUN\.holesdata$)/

/**
 * Parses the records of a header. Those that do not matter are left out, whatever their bytes: extended attributes are
 * binary. Throws `invalid_archive`.
 */
export function parsePax(content: Buffer): PaxRecords {
  const records = new Map<string, string>()
  let offset = 0
  while (offset < content.length) {
    const space = content.indexOf(0x20, offset)
    const digits = content.subarray(offset, Math.max(offset, space)).toString('latin1')
    const end = offset + Number(digits)
    if (!/^[1-9][0-9]{0,9}$/.test(digits) || end > content.length || content[end - 1] !== 0x0a)
      throw malformed()
    const record = content.subarray(space + 1, end - 1)
    const equals = record.indexOf(0x3d)
    if (equals < 1) throw malformed()
    offset = end
    const key = record.toString('latin1', 0, equals)
    if (!matters(key)) continue
    if (records.has(key)) throw malformed()
    records.set(key, textOf(key, record.subarray(equals + 1)))
  }
  return records
}

function matters(key: string): boolean {
  return NAME_AND_SIZE.includes(key) || SPARSE.test(key)
}

function textOf(key: string, bytes: Buffer): string {
  const text = decodeUtf8(bytes)
  if (text !== undefined) return text
  throw invalidArchive(`the archive has an extended header whose "${key}" is not UTF-8: rename the file`)
}

/**
 * Readers differ on whether records that matter apply to all entries, and no tar program writes them into global
 * headers. Those as such are common: git archive writes the commit into one, as a comment.
 */
export function refuseGlobalPax(records: PaxRecords): void {
  const [refused] = records.keys()
  if (refused) throw invalidArchive(`the archive's global header sets "${refused}" for all entries`)
}

/** bsdtar declares BINARY in a locale without UTF-8; a name whose bytes are UTF-8 reads the same either way. */
const CHARSETS = ['ISO-IR 10646 2000 UTF-8', 'BINARY']

/** Returns the name that the records give to an entry of this size, if any. Throws `invalid_archive`. */
export function paxPath(records: PaxRecords, size: number): string | undefined {
  const path = records.get('path')
  // GNU tar writes a made-up name into the header of a sparse file.
  const name = records.get('GNU.sparse.name') ?? path ?? 'an entry'
  if ([...records.keys()].some((key) => SPARSE.test(key))) {
    throw invalidArchive(
      `"${name}" is a sparse file, and only files and directories are possible: pack it without --sparse`,
      name,
    )
  }
  const stated = records.get('size')
  if (stated !== undefined && (!/^\d+$/.test(stated) || Number(stated) !== size))
    throw invalidArchive(`"${name}" has two different sizes`, path)
  const charset = records.get('hdrcharset')
  if (charset !== undefined && !CHARSETS.includes(charset)) {
    throw invalidArchive(`"${name}": its name is not UTF-8`, path)
  }
  return path
}

function malformed(): Error {
  return invalidArchive('the archive has a malformed extended header')
}
