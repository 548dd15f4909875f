/** How the files of two revisions differ. */
import type { Resources } from '../resources.ts'
import { type FilePair, filePairs } from './file-pairs.ts'
import { expectedSize, filePatch } from './file-patch.ts'
import { newEffort } from './line-changes.ts'
import { type ObjectDiff, objectDiffs } from './object-diffs.ts'

export type FileDiff = {
  path: string
  change: 'added' | 'removed' | 'renamed' | 'changed'
  /** The path that it had before, where it is renamed. */
  from?: string
  binary: boolean
  /** 0 in a binary file, as `removedLines`. */
  addedLines: number
  removedLines: number
  /** Unified, with the headers of git: `git apply` takes it. */
  patch: string
  /**
   * How its objects differ; empty where only comments and the like do. Missing where the file is not made of KRM
   * objects alone, and where too much has changed to look into it.
   */
  objects?: ObjectDiff[]
}

export type ResourcesDiff = {
  /** Sorted by path. A renamed file stands where it is now. */
  files: FileDiff[]
  /** Files are left out, as all of it is larger than anybody can use. */
  truncated: boolean
}

export type DiffInput = {
  before: Resources
  after: Resources
  /** Only this file, or the files in this directory, as they are called before or after. */
  path?: string | undefined
  /** Without the objects, which take most of the time. */
  patchesOnly?: boolean
}

/** Bytes of all patches, and of the objects as JSON. */
export const MAX_DIFF_SIZE = 32 * 1024 * 1024

export function diffResources({ before, after, path, patchesOnly = false }: DiffInput): ResourcesDiff {
  const pairs = filePairs(before, after)
  const objects = patchesOnly ? undefined : objectDiffs(pairs, [after, before])
  const effort = newEffort()
  const files: FileDiff[] = []
  let size = 0
  for (const pair of pairs) {
    if (path !== undefined && !isBelow(path, pair)) continue
    if (size + expectedSize(pair) > MAX_DIFF_SIZE) return { files, truncated: true }
    const file = fileDiff(pair, objects?.get(pair))
    size += Buffer.byteLength(file.patch) + Buffer.byteLength(JSON.stringify(file.objects ?? []))
    if (size > MAX_DIFF_SIZE) return { files, truncated: true }
    files.push(file)
  }
  return { files, truncated: false }

  function fileDiff(pair: FilePair, changed: ObjectDiff[] | undefined): FileDiff {
    return {
      path: pair.path,
      change: changeOf(pair),
      ...(pair.from === undefined ? {} : { from: pair.from }),
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

function isBelow(path: string, pair: FilePair): boolean {
  const directory = path.endsWith('/') ? path : `${path}/`
  return [pair.path, pair.from].some((own) => own === path || own?.startsWith(directory))
}
