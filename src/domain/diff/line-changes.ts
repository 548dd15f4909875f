/**
 * Finds the lines that changed between two texts. Bounded by steps, not time, so two revisions always have the same
 * diff and its ETag is made of their digests.
 */
import { diffArrays } from 'diff'
import { lineNumbers } from '../text-lines.ts'
import { commonLines } from './common-lines.ts'

/** The lines from `oldAt` to `oldAt + oldCount` became those from `newAt` to `newAt + newCount`, counted from 0. */
export type LineChange = { oldAt: number; oldCount: number; newAt: number; newCount: number }

/** The steps left for one comparison of packages. */
export type Effort = { left: number }

/** Allows some seconds, which only hostile files take. */
export function newEffort(): Effort {
  return { left: 30_000_000 }
}

/** Longer texts are cut at lines that occur once in both and compared piece by piece, which is much faster. */
const MAX_WHOLE = 1_000
/** A piece with more changed lines is one change; a reader would read it as new text anyway. */
const MAX_EDITS = 3_000
/** The steps that it takes to compare an unchanged line. */
const LINE = 0.1

/** Returns the changes in order. A piece that would take too many steps is one change. */
export function lineChanges(
  before: readonly string[],
  after: readonly string[],
  effort: Effort,
): LineChange[] {
  const numberOf = lineNumbers()
  const [olds, news] = [before, after].map((lines) => lines.map((line) => numberOf(line))) as [
    number[],
    number[],
  ]
  const changes: LineChange[] = []
  compare({ oldAt: 0, oldCount: olds.length, newAt: 0, newCount: news.length }, true)
  return changes

  function compare(piece: LineChange, mayCut: boolean): void {
    const middle = trimmed(olds, news, piece)
    const old = olds.slice(middle.oldAt, middle.oldAt + middle.oldCount)
    const now = news.slice(middle.newAt, middle.newAt + middle.newCount)
    const cuts = mayCut && old.length + now.length > MAX_WHOLE ? commonLines(old, now) : []
    if (old.length === 0 || now.length === 0) add(middle)
    else if (cuts.length === 0) addEdits(middle, old, now)
    else {
      let { oldAt, newAt } = middle
      for (const cut of [...cuts, { oldAt: old.length, newAt: now.length }]) {
        const [oldEnd, newEnd] = [middle.oldAt + cut.oldAt, middle.newAt + cut.newAt]
        compare({ oldAt, oldCount: oldEnd - oldAt, newAt, newCount: newEnd - newAt }, false)
        oldAt = oldEnd + 1
        newAt = newEnd + 1
      }
    }
  }

  function addEdits(piece: LineChange, old: number[], now: number[]): void {
    const lines = old.length + now.length
    const maxEditLength = Math.min(MAX_EDITS, editsWithin(effort.left, lines))
    const parts = maxEditLength > 0 ? diffArrays(old, now, { maxEditLength }) : undefined
    if (!parts) add(piece)
    let { oldAt, newAt } = piece
    let edits = parts ? 0 : maxEditLength
    for (const { added, removed, count } of parts ?? []) {
      if (added) add({ oldAt, oldCount: 0, newAt, newCount: count })
      if (removed) add({ oldAt, oldCount: count, newAt, newCount: 0 })
      if (added || removed) edits += count
      if (!added) oldAt += count
      if (!removed) newAt += count
    }
    effort.left -= steps(edits, lines)
  }

  /** Merges adjacent changes into one. */
  function add(change: LineChange): void {
    if (change.oldCount === 0 && change.newCount === 0) return
    const last = changes.at(-1)
    if (last && last.oldAt + last.oldCount === change.oldAt && last.newAt + last.newCount === change.newAt) {
      last.oldCount += change.oldCount
      last.newCount += change.newCount
    } else changes.push({ ...change })
  }
}

/** Strips the common lines at the start and at the end. */
function trimmed(olds: readonly number[], news: readonly number[], piece: LineChange): LineChange {
  let { oldAt, oldCount, newAt, newCount } = piece
  while (oldCount > 0 && newCount > 0 && olds[oldAt] === news[newAt]) {
    oldAt++
    newAt++
    oldCount--
    newCount--
  }
  while (oldCount > 0 && newCount > 0 && olds[oldAt + oldCount - 1] === news[newAt + newCount - 1]) {
    oldCount--
    newCount--
  }
  return { oldAt, oldCount, newAt, newCount }
}

/** Returns the cost of a comparison: quadratic in the edits, and each edit may visit all lines. */
function steps(edits: number, lines: number): number {
  return edits * (edits / 2 + lines * LINE)
}

/** The inverse of `steps`: returns the number of edits that can be found in `most` steps. */
function editsWithin(most: number, lines: number): number {
  const share = lines * LINE
  return Math.floor(Math.sqrt(share * share + 2 * Math.max(0, most)) - share)
}
