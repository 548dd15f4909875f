/** The contents of files by path, and the rules for their paths. */
import { AppError } from '../core/errors.ts'

export type Resources = ReadonlyMap<string, Uint8Array>

export type ResourceLimits = {
  /** The total size of all files, unpacked. */
  maxBytes: number
  /** The maximum of files, and also of directories. */
  maxFiles: number
}

export const DEFAULT_LIMITS: ResourceLimits = { maxBytes: 64 * 1024 * 1024, maxFiles: 10_000 }

const MAX_PATH_BYTES = 1024
const MAX_SEGMENT_BYTES = 255
const MAX_DEPTH = 64
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const CONTROL = /[\u0000-\u001f\u007f]/

/**
 * Returns the problem with the path of a file; undefined if there is none. The rules are the intersection of what Flux,
 * Argo CD, Config Sync and oras accept, so that each of them can deploy every path.
 */
export function pathProblem(path: string): string | undefined {
  if (path === '') return 'the path is empty'
  if (!path.isWellFormed()) return 'the path is not valid Unicode'
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) return `the path is longer than ${MAX_PATH_BYTES} bytes`
  if (path.startsWith('/')) return 'the path is absolute; paths are relative to the root of the package'
  if (path.includes('\\')) return 'the path has a backslash; directories are separated by "/"'
  if (CONTROL.test(path)) return 'the path has a control character'
  if (/(?:^|\/)\.\.(?:$|\/)/.test(path)) return 'the path has the segment "..", which would leave the package'
  if (path.includes('../'))
    return 'the path has a directory whose name ends in ".."; Flux refuses such archives'
  const segments = path.split('/')
  if (segments.length > MAX_DEPTH) return `the path is deeper than ${MAX_DEPTH} names`
  for (const segment of segments) {
    if (segment === '') return 'the path has an empty segment ("//", or "/" at the end)'
    if (segment === '.') return 'the path has the segment "."'
    if (segment.startsWith('.wh.'))
      return 'the path has a name that starts with ".wh.", which deletes files in container layers'
    if (Buffer.byteLength(segment) > MAX_SEGMENT_BYTES)
      return `the path has a name longer than ${MAX_SEGMENT_BYTES} bytes`
  }
  return undefined
}

/** Returns the path without `./` at its beginning. A loop, as a regular expression runs out of stack after millions of them. */
export function withoutDotSlash(path: string): string {
  let at = 0
  while (path.startsWith('./', at)) {
    at += 2
    while (path[at] === '/') at++
  }
  return path.slice(at)
}

/** Returns the directories that contain the files, at every level. */
export function directoriesOf(paths: Iterable<string>): Set<string> {
  const directories = new Set<string>()
  for (const path of paths) {
    for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1)) {
      const directory = path.slice(0, slash)
      // Its parents were added together with it.
      if (directories.has(directory)) break
      directories.add(directory)
    }
  }
  return directories
}

/** Throws `invalid` for a bad path, `too_large` over a limit. */
export function checkResources(resources: Resources, limits: ResourceLimits): void {
  if (resources.size > limits.maxFiles) throw tooManyFiles(limits)
  if (totalBytes(resources) > limits.maxBytes) throw tooManyBytes(limits)
  for (const path of resources.keys()) {
    const problem = pathProblem(path)
    if (problem)
      throw new AppError('invalid', `file "${path}": ${problem}`, { details: [{ path, message: problem }] })
  }
  const directories = directoriesOf(resources.keys())
  if (directories.size > limits.maxFiles) throw tooManyDirectories(limits)
  const clash = [...directories].find((directory) => resources.has(directory))
  if (clash !== undefined) throw new AppError('invalid', `"${clash}" is both a file and a directory`)
}

function totalBytes(resources: Resources): number {
  let sum = 0
  for (const content of resources.values()) sum += content.byteLength
  return sum
}

export function tooManyFiles(limits: ResourceLimits): AppError {
  return new AppError('too_large', `the package has more than ${limits.maxFiles} files, which is the limit`)
}

export function tooManyDirectories(limits: ResourceLimits): AppError {
  return new AppError(
    'too_large',
    `the package has more than ${limits.maxFiles} directories, which is the limit`,
  )
}

export function tooManyBytes(limits: ResourceLimits): AppError {
  return new AppError(
    'too_large',
    `the files of the package have more than ${limits.maxBytes} bytes together, which is the limit`,
  )
}

/** Reports whether two files have the same content; a missing file equals only another missing one. */
export function sameBytes(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && Buffer.compare(a, b) === 0)
}
