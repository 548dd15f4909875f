/** Which lines of a text were replaced by which. */
import { diffArrays } from 'diff'

/** Lines `oldAt` up to `oldAt + oldCount` became `newAt` up to `newAt + newCount`; counted from 0. */
export type LineChange = { oldAt: number; oldCount: number; newAt: number; newCount: number }

/** What is left of the steps that one comparison of packages may take. */
export type Effort = { left: number }

/** Some seconds, where somebody made files for that. */
export function newEffort(): Effort {
  return { left: 50_000_000 }
}

/** Who changes more than so many lines of a file reads it anew. */
const MAX_EDITS = 4_000
/** Looking at a line that is the same takes that part of a step. */
const LINE = 0.1

/** The steps grow with the square of the edits, and with each edit all lines may be looked at. */
function steps(edits: number, lines: number): number {
  return edits * (edits / 2 + lines * LINE)
}

/** The inverse: how many edits can be found in so many steps. */
function editsWithin(most: number, lines: number): number {
  const share = lines * LINE
  return Math.floor(Math.sqrt(share * share + 2 * Math.max(0, most)) - share)
}

/** In order. What would take too long to find out is one change. */
export function lineChanges(
  before: readonly string[],
  after: readonly string[],
  effort: Effort,
): LineChange[] {
  const start = commonStart(before, after)
  const end = commonEnd(before, after, start)
  const oldCount = before.length - start - end
  const newCount = after.length - start - end
  if (oldCount === 0 && newCount === 0) return []
  const whole = [{ oldAt: start, oldCount, newAt: start, newCount }]
  if (oldCount === 0 || newCount === 0) return whole

  const numbers = new Map<string, number>()
  const [olds, news] = [numbered(before), numbered(after)]
  const maxEditLength = Math.min(MAX_EDITS, editsWithin(effort.left, oldCount + newCount))
  const parts = maxEditLength > 0 ? diffArrays(olds, news, { maxEditLength }) : undefined
  if (!parts) {
    effort.left -= steps(maxEditLength, oldCount + newCount)
    return whole
  }
  const changes: LineChange[] = []
  let [oldAt, newAt, edits] = [start, start, 0]
  let change: LineChange | undefined
  for (const { added, removed, count } of parts) {
    if (added || removed) {
      edits += count
      if (!change) {
        change = { oldAt, oldCount: 0, newAt, newCount: 0 }
        changes.push(change)
      }
      if (added) change.newCount += count
      else change.oldCount += count
    } else change = undefined
    if (!added) oldAt += count
    if (!removed) newAt += count
  }
  effort.left -= steps(edits, oldCount + newCount)
  return changes

  function numbered(lines: readonly string[]): number[] {
    return lines.slice(start, lines.length - end).map((line) => {
      const known = numbers.get(line)
      if (known !== undefined) return known
      numbers.set(line, numbers.size)
      return numbers.size - 1
    })
  }
}

function commonStart(a: readonly string[], b: readonly string[]): number {
  const most = Math.min(a.length, b.length)
  let count = 0
  while (count < most && a[count] === b[count]) count++
  return count
}

function commonEnd(a: readonly string[], b: readonly string[], start: number): number {
  const most = Math.min(a.length, b.length) - start
  let count = 0
  while (count < most && a.at(-1 - count) === b.at(-1 - count)) count++
  return count
}
