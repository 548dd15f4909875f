/** Pairs the files of two versions: by path, or else as renames. */
import { gitBlobId } from '../../core/git-blob.ts'
import type { PackageFiles } from '../package-files.ts'
import { type Resources, sameBytes } from '../resources.ts'
import { fileName, type Rename } from './rename.ts'
import { similarRenames } from './similar-files.ts'

/** A file that differs between the versions; its content is missing in a version without it. */
export type FilePair = {
  /** The path in the later version; of a removed file, its former path. */
  path: string
  /** The former path of a renamed file. */
  from?: string
  /** The unchanged part of a file of which the name or the mode changed, in percent. */
  similarity?: number
  before?: Uint8Array
  after?: Uint8Array
  /** Whether the file is executable; false in a version without it. */
  executable: { before: boolean; after: boolean }
}

/** Returns the files that differ, sorted by path. */
export function filePairs(before: PackageFiles, after: PackageFiles): FilePair[] {
  const pairs: FilePair[] = []
  const [olds, news] = [before.resources, after.resources]
  const removed = new Map([...olds].filter(([path]) => !news.has(path)))
  const added = new Map([...news].filter(([path]) => !olds.has(path)))
  const modes = (from: string, to: string): FilePair['executable'] => ({
    before: before.executables.has(from),
    after: after.executables.has(to),
  })
  for (const [path, content] of olds) {
    const now = news.get(path)
    if (!now) continue
    const executable = modes(path, path)
    const same = sameBytes(content, now)
    if (same && executable.before === executable.after) continue
    pairs.push({ path, ...(same && { similarity: 100 }), before: content, after: now, executable })
  }

  const ids = new Map([...removed, ...added].map(([, content]) => [content, gitBlobId(content)]))
  const sameFile = (path: string, content: Uint8Array) => `${ids.get(content)} ${fileName(path)}`
  const sameContent = (_path: string, content: Uint8Array) => ids.get(content) ?? ''
  for (const find of [
    () => exactRenames(removed, added, sameFile),
    () => exactRenames(removed, added, sameContent),
    () => similarRenames(removed, added),
  ]) {
    for (const { from, to, similarity } of find()) {
      const [old, now] = [removed.get(from), added.get(to)]
      if (!old || !now) continue
      pairs.push({ path: to, from, similarity, before: old, after: now, executable: modes(from, to) })
      removed.delete(from)
      added.delete(to)
    }
  }

  for (const [path, content] of removed) pairs.push({ path, before: content, executable: modes(path, path) })
  for (const [path, content] of added) pairs.push({ path, after: content, executable: modes(path, path) })
  return pairs.sort((a, b) => (a.path < b.path ? -1 : 1))
}

/** Pairs files with the same key and the same content. Empty files do not count as renames. */
function exactRenames(
  removed: Resources,
  added: Resources,
  keyOf: (path: string, content: Uint8Array) => string,
): Rename[] {
  const files = [...removed].filter(([, { byteLength }]) => byteLength > 0)
  const candidates = Map.groupBy(files.reverse(), ([path, content]) => keyOf(path, content))
  const renames: Rename[] = []
  for (const [to, content] of added) {
    const [from, old] = candidates.get(keyOf(to, content))?.pop() ?? []
    if (from !== undefined && sameBytes(old, content)) renames.push({ from, to, similarity: 100 })
  }
  return renames
}
