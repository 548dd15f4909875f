/** Extended headers: POSIX.1-2017 pax, "pax Extended Header". */
import { decodeUtf8 } from '../../core/utf8.ts'
import { invalidArchive } from '../invalid-archive.ts'

export type PaxRecords = ReadonlyMap<string, string>

/** Readers differ on whether these apply to all entries, and no tar program writes them. */
const REFUSED_GLOBALLY = ['path', 'linkpath', 'size', 'hdrcharset']

/** Far more than the longest path and the records that tar programs add to it. */
const MAX_BYTES = 64 * 1024

/** Parses the records of a header. Throws `invalid_archive`. */
export function parsePax(content: Buffer): PaxRecords {
  if (content.length > MAX_BYTES) throw invalidArchive('the archive has an extended header that is too large')
  const records = new Map<string, string>()
  let offset = 0
  while (offset < content.length) {
    const space = content.indexOf(0x20, offset)
    const digits = content.subarray(offset, Math.max(offset, space)).toString('latin1')
    const end = offset + Number(digits)
    if (!/^[1-9][0-9]{0,9}$/.test(digits) || end > content.length || content[end - 1] !== 0x0a)
      throw malformed()
    const record = decodeUtf8(content.subarray(space + 1, end - 1))
    if (record === undefined) throw invalidArchive('the archive has an extended header that is not UTF-8')
    const equals = record.indexOf('=')
    const key = record.slice(0, Math.max(0, equals))
    if (key === '' || records.has(key)) throw malformed()
    records.set(key, record.slice(equals + 1))
    offset = end
  }
  return records
}

/** Global headers as such are common: git archive writes the commit into one, as a comment. */
export function refuseGlobalPax(records: PaxRecords): void {
  const refused = [...records.keys()].find((key) => REFUSED_GLOBALLY.includes(key) || key.startsWith('GNU.'))
  if (refused) throw invalidArchive(`the archive's global header sets "${refused}" for all entries`)
}

/** Returns the name that the records give to an entry of this size, if any. Throws `invalid_archive`. */
export function paxPath(records: PaxRecords, size: number): string | undefined {
  const path = records.get('path')
  const name = path ?? 'the entry'
  if ([...records.keys()].some((key) => key.startsWith('GNU.sparse.'))) {
    throw invalidArchive(`"${name}" is a sparse file: only files and directories are possible`, path)
  }
  const stated = records.get('size')
  if (stated !== undefined && (!/^\d+$/.test(stated) || Number(stated) !== size))
    throw invalidArchive(`"${name}" has two different sizes`, path)
  const charset = records.get('hdrcharset')
  if (charset !== undefined && charset !== 'ISO-IR 10646 2000 UTF-8') {
    throw invalidArchive(`"${name}": its name is not UTF-8`, path)
  }
  return path
}

function malformed(): Error {
  return invalidArchive('the archive has a malformed extended header')
}
