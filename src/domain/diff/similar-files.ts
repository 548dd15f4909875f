/** Finds renames of files that were also changed. */
import type { Resources } from '../resources.ts'
import { countLines, lineNumbers, linesOf, textOf } from '../text-lines.ts'
import { fileName, type Rename } from './rename.ts'

/** In percent; the default of git. */
const MIN_SIMILARITY = 50
/** Larger files, and all files if they exceed a total, are only searched for exact renames. */
const MAX_LINES = 100_000
const MAX_BYTES = 4 * 1024 * 1024
const MAX_TOTAL_LINES = 500_000
const MAX_TOTAL_BYTES = 32 * 1024 * 1024
/** A step is the lookup of a line; a similar pair costs more, for the memory that it takes. */
const MAX_STEPS = 5_000_000
const STEPS_OF_SIMILAR = 10

/** The count of each line of a file. Lines are numbered across all files. */
type Profile = { path: string; bytes: number; lines: Map<number, number> }
type Found = Rename & { sameName: boolean }

/** Returns the renames, the most similar first; no file is in two of them. */
export function similarRenames(removed: Resources, added: Resources): Rename[] {
  const candidates = [candidatesOf(removed), candidatesOf(added)] as const
  if (candidates.some((files) => files.length === 0) || tooMuch(candidates.flat())) return []

  const lineSizes: number[] = []
  const numberOf = lineNumbers()
  const [olds, news] = candidates.map((files) =>
    files.flatMap(([path, content]): Profile[] => {
      const text = textOf(content)
      if (text === undefined) return []
      return [{ path, bytes: content.byteLength, lines: profile(text) }]
    }),
  ) as [Profile[], Profile[]]

  const found: Found[] = []
  let steps = 0
  for (const now of news) {
    for (const old of olds) {
      if (100 * Math.min(old.bytes, now.bytes) < MIN_SIMILARITY * Math.max(old.bytes, now.bytes)) continue
      steps += 1 + Math.min(old.lines.size, now.lines.size)
      if (steps > MAX_STEPS) return []
      const similarity = similarityOf(old, now)
      if (similarity < MIN_SIMILARITY) continue
      steps += STEPS_OF_SIMILAR
      const sameName = fileName(old.path) === fileName(now.path)
      found.push({ from: old.path, to: now.path, similarity, sameName })
    }
  }
  return best(found)

  function profile(text: string): Map<number, number> {
    const lines = new Map<number, number>()
    for (const line of linesOf(text)) {
      const number = numberOf(line)
      lineSizes[number] ??= Buffer.byteLength(line)
      lines.set(number, (lines.get(number) ?? 0) + 1)
    }
    return lines
  }

  /** Returns the bytes in common lines as a percentage of the larger file; below 100, since exact renames are known. */
  function similarityOf(a: Profile, b: Profile): number {
    const [few, many] = a.lines.size < b.lines.size ? [a, b] : [b, a]
    let same = 0
    for (const [line, count] of few.lines) {
      same += Math.min(count, many.lines.get(line) ?? 0) * (lineSizes[line] ?? 0)
    }
    return Math.min(99, Math.floor((100 * same) / Math.max(a.bytes, b.bytes)))
  }
}

type File = readonly [path: string, content: Uint8Array]

function candidatesOf(files: Resources): File[] {
  return [...files].filter(([, { byteLength }]) => byteLength > 0 && byteLength <= MAX_BYTES)
}

function tooMuch(files: readonly File[]): boolean {
  const bytes = files.reduce((sum, [, content]) => sum + content.byteLength, 0)
  if (bytes > MAX_TOTAL_BYTES) return true
  const lines = files.map(([, content]) => countLines(content))
  return lines.some((count) => count > MAX_LINES) || lines.reduce((a, b) => a + b, 0) > MAX_TOTAL_LINES
}

function best(found: Found[]): Rename[] {
  found.sort((a, b) => b.similarity - a.similarity || Number(b.sameName) - Number(a.sameName))
  const taken = { from: new Set<string>(), to: new Set<string>() }
  return found.filter(({ from, to }) => {
    if (taken.from.has(from) || taken.to.has(to)) return false
    taken.from.add(from)
    taken.to.add(to)
    return true
  })
}
