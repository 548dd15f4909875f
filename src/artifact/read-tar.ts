/**
 * Reads the tar that somebody sent: hostile input. It takes what tar programs write for plain files and directories
 * and refuses everything that two readers could understand differently, so that what a reviewer sees is what a
 * cluster gets. The libraries at hand are lenient there: they merge global pax headers, read on behind the end of
 * the archive and replace bytes that are not UTF-8.
 */

import { decodeUtf8 } from '../core/utf8.ts'
import {
  directoriesOf,
  pathProblem,
  type ResourceLimits,
  tooManyBytes,
  tooManyDirectories,
  tooManyFiles,
} from '../domain/resources.ts'
import { invalidArchive } from './invalid-archive.ts'
import { type PaxRecords, parsePax, paxPath, refuseGlobalPax } from './pax.ts'
import { BLOCK, checksum, FIELD, padded, TYPE } from './tar-format.ts'

const KINDS: Record<string, string> = {
  [TYPE.hardLink]: 'a hard link',
  [TYPE.symbolicLink]: 'a symbolic link',
  [TYPE.characterDevice]: 'a character device',
  [TYPE.blockDevice]: 'a block device',
  [TYPE.fifo]: 'a named pipe',
  [TYPE.gnuSparse]: 'a sparse file',
}

/** Headers for each file that a package may have: tar programs write up to three for one, and directories besides. */
const HEADERS_PER_FILE = 6

/** Names that extension headers give to the entry that follows. */
type Extension = { pax?: PaxRecords; longName?: string }

/** The files of a tar. Throws `invalid_archive`, naming the entry, or `too_large`. */
export function readTar(tar: Buffer, limits: ResourceLimits): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>()
  const directories = new Set<string>()
  let extension: Extension = {}
  let bytes = 0
  let offset = 0
  for (let headers = 0; ; headers++) {
    if (headers > limits.maxFiles * HEADERS_PER_FILE) throw tooManyFiles(limits)
    if (offset + BLOCK > tar.length) throw invalidArchive('the archive is truncated: it has no end marker')
    const header = tar.subarray(offset, offset + BLOCK)
    if (isZero(header)) break
    const { name, type, size } = readHeader(header, offset)
    const start = offset + BLOCK
    if (start + size > tar.length) throw invalidArchive(`entry "${name}": the archive is truncated`)
    const content = tar.subarray(start, start + size)
    offset = start + padded(size)

    if (type === TYPE.pax) {
      if (extension.pax) throw invalidArchive('the archive has two extended headers for one entry')
      extension.pax = parsePax(content)
    } else if (type === TYPE.paxGlobal) refuseGlobalPax(parsePax(content))
    else if (type === TYPE.gnuLongName) {
      if (extension.longName !== undefined)
        throw invalidArchive('the archive has two long names for one entry')
      extension.longName = decodeName(untilNul(content))
    } else if (type !== TYPE.gnuLongLink) {
      const path = normalized(nameOf(name, size, extension))
      extension = {}
      const directory = type === TYPE.directory || (isFile(type) && path.endsWith('/'))
      if (!directory && !isFile(type)) {
        const kind = KINDS[type] ?? `of the unknown type ${JSON.stringify(type)}`
        throw invalidArchive(`entry "${path}" is ${kind}: only files and directories are possible`, path)
      }
      if (directory && size > 0) throw invalidArchive(`entry "${path}" is a directory with content`, path)
      addEntry(path, directory ? undefined : content)
    }
  }
  if (Object.keys(extension).length > 0) throw invalidArchive('the archive ends after an extension header')
  if (!isZero(tar.subarray(offset))) throw invalidArchive('there is data behind the end of the archive')
  for (const directory of directoriesOf(files.keys())) directories.add(directory)
  if (directories.size > limits.maxFiles) throw tooManyDirectories(limits)
  const clash = [...directories].find((directory) => files.has(directory))
  if (clash !== undefined) throw invalidArchive(`"${clash}" is both a file and a directory`, clash)
  return files

  function addEntry(name: string, content: Uint8Array | undefined): void {
    const path = name.replace(/\/$/, '')
    if (content === undefined && (path === '' || path === '.')) return
    const problem = pathProblem(path)
    if (problem) throw invalidArchive(`entry "${name}": ${problem}`, name)
    if (content === undefined) {
      directories.add(path)
      if (directories.size > limits.maxFiles) throw tooManyDirectories(limits)
      return
    }
    if (files.has(path)) throw invalidArchive(`entry "${path}" is there twice`, path)
    files.set(path, content)
    bytes += content.byteLength
    if (files.size > limits.maxFiles) throw tooManyFiles(limits)
    if (bytes > limits.maxBytes) throw tooManyBytes(limits)
  }
}

function readHeader(header: Buffer, offset: number): { name: string; type: string; size: number } {
  const magic = field(header, FIELD.magic).toString('latin1')
  const posix = magic === 'ustar\0'
  const known = posix || magic === 'ustar ' || isZero(field(header, FIELD.magic))
  if (!known || readOctal(field(header, FIELD.checksum)) !== checksum(header)) {
    throw invalidArchive(`the archive is damaged, or no tar: there is no header at byte ${offset}`)
  }
  const prefix = posix ? decodeName(untilNul(field(header, FIELD.prefix))) : ''
  const suffix = decodeName(untilNul(field(header, FIELD.name)))
  const name = prefix ? `${prefix}/${suffix}` : suffix
  const size = readOctal(field(header, FIELD.size))
  if (size === undefined) throw invalidArchive(`entry "${name}" has no readable size`, name)
  return { name, type: field(header, FIELD.type).toString('latin1'), size }
}

function nameOf(headerName: string, size: number, { pax, longName }: Extension): string {
  const paxName = pax && paxPath(pax, size)
  if (paxName !== undefined && longName !== undefined && paxName !== longName) {
    throw invalidArchive(`entry "${paxName}" has a second name: "${longName}"`, paxName)
  }
  return paxName ?? longName ?? headerName
}

/** `./a` and `a` are one file. */
function normalized(name: string): string {
  return name.replace(/^(?:\.\/+)+/, '')
}

function isFile(type: string): boolean {
  return type === TYPE.file || type === TYPE.oldFile || type === TYPE.contiguousFile
}

function field(header: Buffer, [offset, length]: readonly [number, number]): Buffer {
  return header.subarray(offset, offset + length)
}

/** Octal digits between blanks, ended by NUL or blank; undefined for anything else, base-256 numbers included. */
function readOctal(bytes: Buffer): number | undefined {
  const digits = /^ *([0-7]*)[ \0]*$/.exec(bytes.toString('latin1'))?.[1]
  return digits === undefined ? undefined : Number.parseInt(digits || '0', 8)
}

function untilNul(bytes: Buffer): Buffer {
  const end = bytes.indexOf(0)
  return end < 0 ? bytes : bytes.subarray(0, end)
}

function decodeName(bytes: Buffer): string {
  const name = decodeUtf8(bytes)
  if (name !== undefined) return name
  const shown = bytes.toString('latin1')
  throw invalidArchive(`entry "${shown}": the name is not UTF-8`, shown)
}

const ZEROS = Buffer.alloc(64 * 1024)

function isZero(bytes: Buffer): boolean {
  for (let at = 0; at < bytes.length; at += ZEROS.length) {
    const chunk = bytes.subarray(at, at + ZEROS.length)
    if (!chunk.equals(ZEROS.subarray(0, chunk.length))) return false
  }
  return true
}
