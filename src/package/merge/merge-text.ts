/** Three-way merge of texts, line by line. */
import { diffArrays } from 'diff'
import type { Side } from './conflict.ts'

export type MergedText = {
  text: string
  /** The lines of the merged text, from 1, that stand for what both sides have changed. */
  conflicts: { from: number; to: number }[]
}

/** Lines `start` to `end` of the original, and what stands there now. */
type Change = { start: number; end: number; lines: readonly string[] }

/** Texts that differ in more lines are compared as a whole: time and memory go with the square of that number. */
const MAX_EDITS = 5_000

export function mergeText(original: string, local: string, upstream: string, prefer: Side): MergedText {
  const base = linesOf(original)
  const changes = [changesOf(base, linesOf(local)), changesOf(base, linesOf(upstream))] as const
  const conflicts: MergedText['conflicts'] = []
  const merged: string[] = []
  let at = 0
  for (const region of regions(...changes)) {
    merged.push(...base.slice(at, region.start))
    const [ours, theirs] = [
      withChanges(base, region, region.local),
      withChanges(base, region, region.upstream),
    ]
    const both = region.local.length > 0 && region.upstream.length > 0 && !sameLines(ours, theirs)
    const chosen = region.upstream.length === 0 || (both && prefer === 'local') ? ours : theirs
    if (both) conflicts.push({ from: merged.length + 1, to: merged.length + Math.max(chosen.length, 1) })
    merged.push(...chosen)
    at = region.end
  }
  merged.push(...base.slice(at))
  return { text: merged.join(''), conflicts }
}

/** Each line with its line feed. */
function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? []
}

function changesOf(base: string[], now: string[]): Change[] {
  const parts = diffArrays(base, now, { maxEditLength: MAX_EDITS })
  if (!parts) return [{ start: 0, end: base.length, lines: now }]
  const changes: Change[] = []
  let at = 0
  for (const { added, removed, value } of parts) {
    const last = changes.at(-1)
    if (!added && !removed) at += value.length
    else if (removed) {
      if (last?.end === at) last.end += value.length
      else changes.push({ start: at, end: at + value.length, lines: [] })
      at += value.length
    } else if (last?.end === at) last.lines = [...last.lines, ...value]
    else changes.push({ start: at, end: at, lines: value })
  }
  return changes
}

type Region = { start: number; end: number; local: Change[]; upstream: Change[] }

/** Parts of the original that one side has changed, or both: changes that touch each other belong together. */
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
  const lines: string[] = []
  let at = region.start
  for (const change of changes) {
    lines.push(...base.slice(at, change.start), ...change.lines)
    at = change.end
  }
  return [...lines, ...base.slice(at, region.end)]
}

function sameLines(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((line, at) => line === b[at])
}
