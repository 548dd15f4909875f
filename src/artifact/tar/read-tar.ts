/**
 * Reads the tar of a layer. Anybody may have packed it, so it is hostile input: this takes what tar programs write
 * for plain files and directories, and refuses everything that two readers could understand differently. A reviewer
 * then sees the files that a cluster gets. docs/decisions/archives.md has the cases in which tar-stream differs.
 */
import type { PackageFiles } from '../../domain/package-files.ts'
import {
  directoriesOf,
  pathProblem,
  type ResourceLimits,
  tooManyBytes,
  tooManyDirectories,
  tooManyFiles,
  withoutDotSlash,
} from '../../domain/resources.ts'
import { invalidArchive } from '../invalid-archive.ts'
import { BLOCK, MAX_EXTENSION, padded, TYPE } from './format.ts'
import { type PaxRecords, parsePax, paxPath, refuseGlobalPax } from './pax.ts'
import { decodeName, type Header, isZero, readHeader } from './read-header.ts'

const GNU_LABEL = 'V'
const GNU_DUMP = 'D'

const KINDS: Record<string, string> = {
  [TYPE.hardLink]: 'a hard link',
  [TYPE.symbolicLink]: 'a symbolic link',
  [TYPE.characterDevice]: 'a character device',
  [TYPE.blockDevice]: 'a block device',
  [TYPE.fifo]: 'a named pipe',
  [TYPE.gnuSparse]: 'a sparse file',
  [GNU_LABEL]: 'the label of the archive',
  [GNU_DUMP]: 'a directory of an incremental backup',
}

/** How to pack without such an entry, for the message of the error. */
const WAYS_OUT: Record<string, string> = {
  [TYPE.hardLink]: ': pack it with tar --hard-dereference',
  [TYPE.symbolicLink]: ': pack what it leads to, with tar --dereference',
  [TYPE.gnuSparse]: ': pack it without --sparse',
  [GNU_LABEL]: ': pack it without --label',
  [GNU_DUMP]: ': pack it without --listed-incremental',
}

/** Tar programs write up to four headers for a file, and as many for a directory. */
const HEADERS_PER_FILE = 8

const EXTENSIONS: readonly string[] = [TYPE.pax, TYPE.paxGlobal, TYPE.gnuLongName]

/** Names that extension headers give to the entry behind them. */
type Extension = { pax?: PaxRecords; longName?: string }

/**
 * The files of a tar, without those for whose paths `leavesOut` returns true. Throws `invalid_archive`, naming the entry,
 * or `too_large`.
 */
export function readTar(
  tar: Buffer,
  limits: ResourceLimits,
  leavesOut: (path: string) => boolean = () => false,
): PackageFiles {
  const files = new Map<string, Uint8Array>()
  const executables = new Set<string>()
  const leftOut: string[] = []
  const directories = new Set<string>()
  let extension: Extension = {}
  let bytes = 0
  let offset = 0
  for (let headers = 0; ; headers++) {
    if (headers > limits.maxFiles * HEADERS_PER_FILE) throw tooManyFiles(limits)
    const header = readHeader(tar, offset)
    if (!header) break
    const { name, type, size, executable } = header
    const start = offset + BLOCK
    if (start + size > tar.length) throw invalidArchive(`entry "${name}": the archive is truncated`)
    const content = tar.subarray(start, start + size)
    offset = start + padded(size)
    if (size > MAX_EXTENSION && EXTENSIONS.includes(type))
      throw invalidArchive('the archive has an extended header or a long name that is too large')

    if (type === TYPE.pax) {
      if (extension.pax) throw invalidArchive('the archive has two extended headers for one entry')
      extension.pax = parsePax(content)
    } else if (type === TYPE.paxGlobal) refuseGlobalPax(parsePax(content))
    else if (type === TYPE.gnuLongName) {
      if (extension.longName !== undefined)
        throw invalidArchive('the archive has two long names for one entry')
      extension.longName = decodeName(content)
    } else if (type !== TYPE.gnuLongLink) {
      const path = nameOf(header, extension)
      extension = {}
      if (isDirectory(header, path)) addDirectory(path)
      else addFile(path, content, executable)
    }
  }
  if (Object.keys(extension).length > 0) throw invalidArchive('the archive ends after an extension header')
  if (!isZero(tar.subarray(offset))) throw invalidArchive('there is data behind the end of the archive')
  for (const directory of directoriesOf(files.keys())) directories.add(directory)
  if (directories.size > limits.maxFiles) throw tooManyDirectories(limits)
  const clash = [...directories].find((directory) => files.has(directory))
  if (clash !== undefined) throw invalidArchive(`"${clash}" is both a file and a directory`, clash)
  return { resources: files, executables, leftOut }

  function addDirectory(name: string): void {
    const path = name.replace(/\/$/, '')
    if (path === '' || path === '.') return
    check(path, name)
    directories.add(path)
    if (directories.size > limits.maxFiles) throw tooManyDirectories(limits)
  }

  function addFile(path: string, content: Uint8Array, executable: boolean): void {
    check(path, path)
    if (leavesOut(path)) {
      leftOut.push(path)
      return
    }
    if (files.has(path)) throw invalidArchive(`entry "${path}" is there twice`, path)
    files.set(path, content)
    if (executable) executables.add(path)
    bytes += content.byteLength
    if (files.size > limits.maxFiles) throw tooManyFiles(limits)
    if (bytes > limits.maxBytes) throw tooManyBytes(limits)
  }
}

function check(path: string, name: string): void {
  const problem = pathProblem(path)
  if (problem) throw invalidArchive(`entry "${name}": ${problem}`, name)
}

/** Without a leading `./`: `./a` and `a` are one file. Of `./` itself the slash stays, by which V7 tells directories. */
function nameOf({ name, size }: Header, { pax, longName }: Extension): string {
  const paxName = pax && paxPath(pax, size)
  if (paxName !== undefined && longName !== undefined && paxName !== longName) {
    throw invalidArchive(`entry "${paxName}" has a second name: "${longName}"`, paxName)
  }
  const full = paxName ?? longName ?? name
  return withoutDotSlash(full) || (full === '' ? '' : './')
}

/** Throws for an entry that is neither a directory nor a file. */
function isDirectory({ type, size }: Header, path: string): boolean {
  const file = type === TYPE.file || type === TYPE.oldFile || type === TYPE.contiguousFile
  const directory = type === TYPE.directory || (file && path.endsWith('/'))
  if (!directory && !file) {
    const kind = KINDS[type] ?? `of the unknown type ${JSON.stringify(type)}`
    throw invalidArchive(
      `entry "${path}" is ${kind}, and only files and directories are possible${WAYS_OUT[type] ?? ''}`,
      path,
    )
  }
  if (directory && size > 0) throw invalidArchive(`entry "${path}" is a directory with content`, path)
  return directory
}
