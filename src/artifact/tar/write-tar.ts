/**
 * Writes the tar of a layer. Every byte depends on paths, contents and executable bits alone, and must stay as it is: a changed byte
 * is a new layer digest, and a redeployment for every consumer. docs/decisions/archives.md says why this is not
 * tar-stream.
 */
import type { PackageFiles } from '../../domain/package-files.ts'
import { BLOCK, checksum, FIELD, padded, TYPE } from './format.ts'

const PLAIN = 0o644
/** Of directories, too. */
const EXECUTABLE = 0o755

const NOTHING = new Uint8Array(0)

/** Yields files in the order of their paths, each directory right before the first file below it. */
export function* writeTar({ resources, executables }: PackageFiles): Generator<Uint8Array> {
  const directories = new Set<string>()
  for (const [path, content] of [...resources].sort(([a], [b]) => (a < b ? -1 : 1))) {
    for (let slash = path.indexOf('/'); slash > 0; slash = path.indexOf('/', slash + 1)) {
      const directory = path.slice(0, slash + 1)
      if (directories.has(directory)) continue
      directories.add(directory)
      yield* entry(TYPE.directory, Buffer.from(directory), NOTHING, EXECUTABLE)
    }
    const mode = executables.has(path) ? EXECUTABLE : PLAIN
    yield* entry(TYPE.file, Buffer.from(path), content, mode)
  }
  yield Buffer.alloc(2 * BLOCK)
}

/** An entry in whole blocks, behind an extended header if its name does not fit the plain one. */
function entry(type: string, name: Buffer, content: Uint8Array, mode: number): Uint8Array[] {
  const padding = Buffer.alloc(padded(content.byteLength) - content.byteLength)
  const blocks = [header(type, name, content.byteLength, mode), content, padding]
  if (name.length <= FIELD.name[1] && name.every((byte) => byte <= 0x7f)) return blocks
  return [...entry(TYPE.pax, Buffer.from('PaxHeader'), paxRecord('path', name), PLAIN), ...blocks]
}

function header(type: string, name: Buffer, size: number, mode: number): Buffer {
  const block = Buffer.alloc(BLOCK)
  // Only readers without pax look at the name behind an extended header; it has to be ASCII.
  block.set(
    name.subarray(0, FIELD.name[1]).map((byte) => (byte > 0x7f ? 0x5f : byte)),
    FIELD.name[0],
  )
  writeOctal(block, FIELD.mode, mode)
  writeOctal(block, FIELD.uid, 0)
  writeOctal(block, FIELD.gid, 0)
  writeOctal(block, FIELD.size, size)
  writeOctal(block, FIELD.mtime, 0)
  block.write(type, FIELD.type[0])
  block.write('ustar\0', FIELD.magic[0])
  block.write('00', FIELD.version[0])
  block.write(`${checksum(block).toString(8).padStart(6, '0')}\0 `, FIELD.checksum[0])
  return block
}

function writeOctal(block: Buffer, [offset, length]: readonly [number, number], value: number): void {
  block.write(value.toString(8).padStart(length - 1, '0'), offset)
}

/** `<length> <key>=<value>\n`, where the length counts itself. */
function paxRecord(key: string, value: Buffer): Buffer {
  const rest = value.length + key.length + ' =\n'.length
  let length = rest + String(rest).length
  if (String(length).length > String(rest).length) length = rest + String(length).length
  return Buffer.concat([Buffer.from(`${length} ${key}=`), value, Buffer.from('\n')])
}
