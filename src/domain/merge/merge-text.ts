/** Three-way merge of texts, line by line. */
import { type Effort, lineChanges, newEffort } from '../diff/line-changes.ts'
import { countLines, linesOf } from '../text-lines.ts'
import type { Side } from './conflict.ts'

export type MergedText = {
  text: string
  /** The lines of the merged text, from 1, that both sides changed. */
  conflicts: { from: number; to: number }[]
}

/** The three versions together. Each line takes up to 100 bytes of memory. */
const MAX_LINES = 4_000_000

/** Returns undefined for texts with too many lines. */
export function mergeText(
  original: string,
  local: string,
  upstream: string,
  prefer: Side,
  effort: Effort = newEffort(),
): MergedText | undefined {
  const texts = [original, local, upstream]
  if (texts.reduce((sum, text) => sum + countLines(Buffer.from(text)), 0) > MAX_LINES) return undefined
  const base = linesOf(original)
  const changes = [local, upstream].map((text) => changesOf(base, linesOf(text), effort)) as [
    Change[],
    Change[],
  ]
  const conflicts: MergedText['conflicts'] = []
  const merged: string[][] = []
  let [at, line] = [0, 1]
  const add = (lines: string[]): void => {
    merged.push(lines)
    line += lines.length
  }
  for (const region of regions(...changes)) {
    add(base.slice(at, region.start))
    const [ours, theirs] = [
      withChanges(base, region, region.local),
      withChanges(base, region, region.upstream),
    ]
    const both = region.local.length > 0 && region.upstream.length > 0 && !sameLines(ours, theirs)
    const chosen = region.upstream.length === 0 || (both && prefer === 'local') ? ours : theirs
    if (both) conflicts.push({ from: line, to: line + Math.max(chosen.length - 1, 0) })
    add(chosen)
    at = region.end
  }
  add(base.slice(at))
  return { text: merged.flat().join(''), conflicts }
}

/** The lines that replace those from `start` to `end` of the original. */
type Change = { start: number; end: number; lines: readonly string[] }

/** In steps of `lineChanges`: the cost of two texts that differ in two thousand lines. */
const MAX_EFFORT = 2_000_000

function changesOf(base: readonly string[], now: readonly string[], effort: Effort): Change[] {
  const own = { left: Math.min(MAX_EFFORT, effort.left) }
  effort.left -= own.left
  const changes = lineChanges(base, now, own)
  effort.left += own.left
  return changes.map(({ oldAt, oldCount, newAt, newCount }) => ({
    start: oldAt,
    end: oldAt + oldCount,
    lines: now.slice(newAt, newAt + newCount),
  }))
}

type Region = { start: number; end: number; local: Change[]; upstream: Change[] }

/** Groups the changes of both sides into regions of the original; changes that touch each other share one. */
function regions(local: readonly Change[], upstream: readonly Change[]): Region[] {
  const all = [
    ...local.map((change) => ({ change, side: 'local' as const })),
    ...upstream.map((change) => ({ change, side: 'upstream' as const })),
  ].sort((a, b) => a.change.start - b.change.start || a.change.end - b.change.end)
  const found: Region[] = []
  for (const { change, side } of all) {
    let region = found.at(-1)
    if (!region || change.start > region.end) {
      region = { start: change.start, end: change.end, local: [], upstream: [] }
      found.push(region)
    }
    region.end = Math.max(region.end, change.end)
    region[side].push(change)
  }
  return found
}

function withChanges(base: readonly string[], region: Region, changes: readonly Change[]): string[] {
  const parts: (readonly string[])[] = []
  let at = region.start
  for (const change of changes) {
    parts.push(base.slice(at, change.start), change.lines)
    at = change.end
  }
  return [...parts, base.slice(at, region.end)].flat()
}

function sameLines(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((line, at) => line === b[at])
}
