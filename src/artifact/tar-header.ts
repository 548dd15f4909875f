/** Headers of tar entries, as far as a file or a directory needs them. Their bytes depend on name and size alone. */
import { BLOCK, checksum, FIELD, padded, TYPE } from './tar-format.ts'

const FILE_MODE = 0o644
const DIRECTORY_MODE = 0o755
/** What the field of the size can hold. */
const MAX_SIZE = 8 ** 11 - 1

export type TarEntry = { name: Buffer; type: string; size: number }

/** The header of an entry, with one before it for what the old format cannot hold. */
export function tarHeader(entry: TarEntry): Buffer {
  const records = [
    ...(needsPax(entry.name) ? [paxRecord('path', entry.name)] : []),
    ...(entry.size > MAX_SIZE ? [paxRecord('size', Buffer.from(String(entry.size)))] : []),
  ]
  if (records.length === 0) return plainHeader(entry)
  const content = Buffer.concat(records)
  const pax = { name: Buffer.from('PaxHeader'), type: TYPE.pax, size: content.length }
  const padding = Buffer.alloc(padded(content.length) - content.length)
  return Buffer.concat([plainHeader(pax), content, padding, plainHeader(entry)])
}

/** Names that the old header cannot hold: longer than its field, or not ASCII. */
function needsPax(name: Buffer): boolean {
  return name.length > FIELD.name[1] || name.some((byte) => byte > 0x7f)
}

function plainHeader({ name, type, size }: TarEntry): Buffer {
  const header = Buffer.alloc(BLOCK)
  // Where a pax record has the name, this one is for readers that know no pax; it only has to be ASCII.
  header.set(
    name.subarray(0, FIELD.name[1]).map((byte) => (byte > 0x7f ? 0x5f : byte)),
    FIELD.name[0],
  )
  writeOctal(header, FIELD.mode, type === TYPE.directory ? DIRECTORY_MODE : FILE_MODE)
  writeOctal(header, FIELD.uid, 0)
  writeOctal(header, FIELD.gid, 0)
  writeOctal(header, FIELD.size, Math.min(size, MAX_SIZE))
  writeOctal(header, FIELD.mtime, 0)
  header.write(type, FIELD.type[0])
  header.write('ustar\0', FIELD.magic[0])
  header.write('00', FIELD.version[0])
  header.write(`${checksum(header).toString(8).padStart(6, '0')}\0 `, FIELD.checksum[0])
  return header
}

function writeOctal(header: Buffer, [offset, length]: readonly [number, number], value: number): void {
  header.write(value.toString(8).padStart(length - 1, '0'), offset)
}

/** `<length> <key>=<value>\n`, where the length counts itself. */
function paxRecord(key: string, value: Buffer): Buffer {
  const rest = value.length + key.length + ' =\n'.length
  let length = rest + String(rest).length
  if (String(length).length > String(rest).length) length = rest + String(length).length
  return Buffer.concat([Buffer.from(`${length} ${key}=`), value, Buffer.from('\n')])
}
