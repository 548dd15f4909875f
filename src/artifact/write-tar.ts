/**
 * Writes the tar of a package: its files, and a directory entry for each of their directories, as every consumer
 * takes them (design 3). The bytes depend on the paths and contents alone: a library's next release would not
 * promise that, and each change of a byte is a new layer digest for all who deploy.
 */
import type { Resources } from '../package/resources.ts'
import { BLOCK, checksum, FIELD, padded, TYPE } from './tar-format.ts'

const FILE_MODE = 0o644
const DIRECTORY_MODE = 0o755

type Entry = { name: Buffer; type: string; content: Uint8Array }

const NOTHING = new Uint8Array(0)

export function writeTar(resources: Resources): Buffer {
  const entries = entriesOf(resources)
  const size = entries.reduce((sum, entry) => sum + entrySize(entry), 2 * BLOCK)
  const tar = Buffer.alloc(size)
  let offset = 0
  for (const entry of entries) offset = writeEntry(tar, offset, entry)
  return tar
}

/** Files in the order of their paths, each directory right before the first file below it. */
function entriesOf(resources: Resources): Entry[] {
  const entries: Entry[] = []
  const directories = new Set<string>()
  for (const [path, content] of [...resources].sort(([a], [b]) => (a < b ? -1 : 1))) {
    for (let slash = path.indexOf('/'); slash > 0; slash = path.indexOf('/', slash + 1)) {
      const directory = path.slice(0, slash + 1)
      if (directories.has(directory)) continue
      directories.add(directory)
      entries.push({ name: Buffer.from(directory), type: TYPE.directory, content: NOTHING })
    }
    entries.push({ name: Buffer.from(path), type: TYPE.file, content })
  }
  return entries
}

/** Names that the old header cannot hold: longer than its field, or not ASCII. */
function needsPax(name: Buffer): boolean {
  return name.length > FIELD.name[1] || name.some((byte) => byte > 0x7f)
}

function entrySize({ name, content }: Entry): number {
  const pax = needsPax(name) ? BLOCK + padded(paxRecord(name).length) : 0
  return pax + BLOCK + padded(content.byteLength)
}

function writeEntry(tar: Buffer, start: number, entry: Entry): number {
  let offset = start
  if (needsPax(entry.name)) {
    const record = paxRecord(entry.name)
    offset = writeBlock(tar, offset, { name: Buffer.from('PaxHeader'), type: TYPE.pax, content: record })
  }
  return writeBlock(tar, offset, entry)
}

function writeBlock(tar: Buffer, offset: number, { name, type, content }: Entry): number {
  const header = tar.subarray(offset, offset + BLOCK)
  // Where a pax record has the name, this one is for readers that know no pax; it only has to be ASCII.
  header.set(
    name.subarray(0, FIELD.name[1]).map((byte) => (byte > 0x7f ? 0x5f : byte)),
    FIELD.name[0],
  )
  writeOctal(header, FIELD.mode, type === TYPE.directory ? DIRECTORY_MODE : FILE_MODE)
  writeOctal(header, FIELD.uid, 0)
  writeOctal(header, FIELD.gid, 0)
  writeOctal(header, FIELD.size, content.byteLength)
  writeOctal(header, FIELD.mtime, 0)
  header.write(type, FIELD.type[0])
  header.write('ustar\0', FIELD.magic[0])
  header.write('00', FIELD.version[0])
  header.write(`${checksum(header).toString(8).padStart(6, '0')}\0 `, FIELD.checksum[0])
  tar.set(content, offset + BLOCK)
  return offset + BLOCK + padded(content.byteLength)
}

function writeOctal(header: Buffer, [offset, length]: readonly [number, number], value: number): void {
  header.write(value.toString(8).padStart(length - 1, '0'), offset)
}

/** `<length> path=<name>\n`, where the length counts itself. */
function paxRecord(name: Buffer): Buffer {
  const rest = name.length + ' path=\n'.length
  let length = rest + String(rest).length
  if (String(length).length > String(rest).length) length = rest + String(length).length
  return Buffer.concat([Buffer.from(`${length} path=`), name, Buffer.from('\n')])
}
