/** Pairs the files of two versions: by path, or else as renames. */
import { gitBlobId } from '../../core/git-blob.ts'
import { type Resources, sameBytes } from '../resources.ts'
import { fileName, type Rename } from './rename.ts'
import { similarRenames } from './similar-files.ts'

/** A file that differs between the versions; its content is missing in a version without it. */
export type FilePair = {
  /** The path in the later version; of a removed file, its former path. */
  path: string
  /** The former path of a renamed file. */
  from?: string
  /** The unchanged part of a renamed file, in percent. */
  similarity?: number
  before?: Uint8Array
  after?: Uint8Array
}

/** Returns the files that differ, sorted by path. */
export function filePairs(before: Resources, after: Resources): FilePair[] {
  const pairs: FilePair[] = []
  const removed = new Map([...before].filter(([path]) => !after.has(path)))
  const added = new Map([...after].filter(([path]) => !before.has(path)))
  for (const [path, content] of before) {
    const now = after.get(path)
    if (now && !sameBytes(content, now)) pairs.push({ path, before: content, after: now })
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
      pairs.push({ path: to, from, similarity, before: old, after: now })
      removed.delete(from)
      added.delete(to)
    }
  }

  for (const [path, content] of removed) pairs.push({ path, before: content })
  for (const [path, content] of added) pairs.push({ path, after: content })
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
