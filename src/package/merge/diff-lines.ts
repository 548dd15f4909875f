/** Which lines of a text another one has changed, in bounded time. */
import { diffArrays } from 'diff'

/** Lines `start` to `end` of the original, and what stands there now. */
export type Change = { start: number; end: number; lines: readonly string[] }

/** Time goes with the square of the number of lines that differ. Of these squares a text may cost as many. */
const BUDGET = 4_000_000
const MAX_EDITS = 1_000
/** Texts with more lines are first cut into pieces, at lines that both have only once. */
const MAX_LINES = 2_000

export function changedLines(before: readonly string[], now: readonly string[]): Change[] {
  const changes: Change[] = []
  let budget = BUDGET
  compare({ start: 0, end: before.length }, { start: 0, end: now.length })
  return changes

  function compare(old: Range, own: Range): void {
    while (old.start < old.end && own.start < own.end && before[old.start] === now[own.start]) {
      old = { ...old, start: old.start + 1 }
      own = { ...own, start: own.start + 1 }
    }
    while (old.start < old.end && own.start < own.end && before[old.end - 1] === now[own.end - 1]) {
      old = { ...old, end: old.end - 1 }
      own = { ...own, end: own.end - 1 }
    }
    if (old.start === old.end && own.start === own.end) return
    const anchors = length(old) + length(own) > MAX_LINES ? commonLines(before, now, old, own) : []
    if (anchors.length === 0) {
      compareEach(old, own)
      return
    }
    let [oldAt, ownAt] = [old.start, own.start]
    for (const [inOld, inOwn] of anchors) {
      compare({ start: oldAt, end: inOld }, { start: ownAt, end: inOwn })
      oldAt = inOld + 1
      ownAt = inOwn + 1
    }
    compare({ start: oldAt, end: old.end }, { start: ownAt, end: own.end })
  }

  function compareEach(old: Range, own: Range): void {
    const [from, to] = [before.slice(old.start, old.end), now.slice(own.start, own.end)]
    const maxEditLength = Math.min(MAX_EDITS, Math.floor(Math.sqrt(budget)))
    const known = new Set(from)
    const parts = to.some((line) => known.has(line)) ? diffArrays(from, to, { maxEditLength }) : undefined
    if (!parts) {
      if (to.some((line) => known.has(line))) budget -= maxEditLength ** 2
      add({ start: old.start, end: old.end, lines: to })
      return
    }
    let [at, edits] = [old.start, 0]
    for (const { added, removed, value } of parts) {
      if (added || removed) edits += value.length
      if (added) add({ start: at, end: at, lines: value })
      else if (removed) add({ start: at, end: at + value.length, lines: [] })
      if (!added) at += value.length
    }
    budget = Math.max(0, budget - edits ** 2)
  }

  /** Changes that touch each other are one. */
  function add({ start, end, lines }: Change): void {
    const last = changes.at(-1)
    if (last?.end === start) {
      changes[changes.length - 1] = { start: last.start, end, lines: last.lines.concat(lines) }
    } else changes.push({ start, end, lines })
  }
}

type Range = { start: number; end: number }

function length({ start, end }: Range): number {
  return end - start
}

/** Lines that each text has once, as many as are in the same order in both. */
function commonLines(
  before: readonly string[],
  now: readonly string[],
  old: Range,
  own: Range,
): [number, number][] {
  const [inOld, inOwn] = [uniqueLines(before, old), uniqueLines(now, own)]
  const pairs = [...inOld].flatMap(([line, at]): [number, number][] => {
    const other = inOwn.get(line)
    return other === undefined ? [] : [[at, other]]
  })
  return longestIncreasing(pairs)
}

function uniqueLines(lines: readonly string[], { start, end }: Range): Map<string, number> {
  const unique = new Map<string, number>()
  const seen = new Set<string>()
  for (let at = start; at < end; at++) {
    const line = lines[at] as string
    if (seen.has(line)) unique.delete(line)
    else unique.set(line, at)
    seen.add(line)
  }
  return unique
}

/** By patience: each pair on the leftmost pile whose top is not smaller. */
function longestIncreasing(pairs: readonly [number, number][]): [number, number][] {
  const tops: number[] = []
  const previous: number[] = []
  const valueAt = (pile: number): number => pairs[tops[pile] as number]?.[1] as number
  for (const [at, [, value]] of pairs.entries()) {
    let [low, high] = [0, tops.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (valueAt(middle) < value) low = middle + 1
      else high = middle
    }
    previous.push(low === 0 ? -1 : (tops[low - 1] as number))
    tops[low] = at
  }
  const found: [number, number][] = []
  for (let at = tops.at(-1) ?? -1; at >= 0; at = previous[at] as number) {
    found.push(pairs[at] as [number, number])
  }
  return found.reverse()
}
