/** The differences between the files of two revisions. */
import { type JsonValue, jsonSize } from '../krm/json-value.ts'
import type { PackageFiles } from '../package-files.ts'
import { type FilePair, filePairs } from './file-pairs.ts'
import { expectedSize, filePatch } from './file-patch.ts'
import { newEffort } from './line-changes.ts'
import { type ObjectDiff, objectDiffs } from './object-diffs.ts'

export type FileDiff = {
  path: string
  change: 'added' | 'removed' | 'renamed' | 'changed'
  /** The former path of a renamed file. */
  from?: string
  /** Whether the file is executable now; missing if that has not changed. */
  executable?: boolean
  binary: boolean
  /** 0 in a binary file, like `removedLines`. */
  addedLines: number
  removedLines: number
  /** A unified diff with the headers of git, which `git apply` accepts. */
  patch: string
  /**
   * The differences between its objects; empty if only comments and the like differ. Missing if the file does not
   * consist of KRM objects alone, or if the changed files are too large to compare.
   */
  objects?: ObjectDiff[]
}

export type ResourcesDiff = {
  /** Sorted by path; a renamed file by its new one. */
  files: FileDiff[]
  /** True if files were left out, since all of them exceed `MAX_DIFF_SIZE`. */
  truncated: boolean
}

export type DiffInput = {
  before: PackageFiles
  after: PackageFiles
  /** Limits the diff to a file or a directory, by its path before or after. */
  path?: string | undefined
  /** Leaves out the objects, which take most of the time. */
  patchesOnly?: boolean
}

/** The bytes of all patches, and about those of the objects as JSON. More is of no use to a client. */
export const MAX_DIFF_SIZE = 32 * 1024 * 1024

export function diffResources({ before, after, path, patchesOnly = false }: DiffInput): ResourcesDiff {
  const pairs = filePairs(before, after)
  const objects = patchesOnly ? undefined : objectDiffs(pairs, [after.resources, before.resources])
  const effort = newEffort()
  const files: FileDiff[] = []
  let size = 0
  for (const pair of pairs) {
    if (path !== undefined && !isBelow(path, pair)) continue
    if (size + expectedSize(pair) > MAX_DIFF_SIZE) return { files, truncated: true }
    const file = fileDiff(pair, objects?.get(pair))
    size += Buffer.byteLength(file.patch) + jsonSize((file.objects ?? []) as unknown as JsonValue)
    if (size > MAX_DIFF_SIZE) return { files, truncated: true }
    files.push(file)
  }
  return { files, truncated: false }

  function fileDiff(pair: FilePair, changed: ObjectDiff[] | undefined): FileDiff {
    return {
      path: pair.path,
      change: changeOf(pair),
      ...(pair.from === undefined ? {} : { from: pair.from }),
      ...executableNow(pair),
      ...filePatch(pair, effort),
      ...(changed ? { objects: changed } : {}),
    }
  }
}

function changeOf({ before, after, from }: FilePair): FileDiff['change'] {
  if (!before) return 'added'
  if (!after) return 'removed'
  return from === undefined ? 'changed' : 'renamed'
}

function executableNow({ after, executable }: FilePair): Pick<FileDiff, 'executable'> {
  return after && executable.after !== executable.before ? { executable: executable.after } : {}
}

function isBelow(path: string, pair: FilePair): boolean {
  const directory = path.endsWith('/') ? path : `${path}/`
  return [pair.path, pair.from].some((own) => own === path || own?.startsWith(directory))
}
