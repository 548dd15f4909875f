/** Extended headers: POSIX.1-2017 pax, "pax Extended Header". */
import { decodeUtf8 } from '../core/utf8.ts'
import { invalidArchive } from './invalid-archive.ts'

export type PaxRecords = ReadonlyMap<string, string>

/** Records that change what an entry is, for all entries at once: nobody needs that, and readers differ on it. */
const REFUSED_GLOBALLY = ['path', 'linkpath', 'size', 'hdrcharset']

/** Far more than the longest path needs, with room for what tar programs add. */
const MAX_BYTES = 64 * 1024

/** The records of a header. */
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

/** git archive writes a global header with the commit as a comment: that one is harmless, and common. */
export function refuseGlobalPax(records: PaxRecords): void {
  const refused = [...records.keys()].find((key) => REFUSED_GLOBALLY.includes(key) || key.startsWith('GNU.'))
  if (refused) throw invalidArchive(`the archive's global header sets "${refused}" for all entries`)
}

/** The name that the records give to an entry of this size, if any. */
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
