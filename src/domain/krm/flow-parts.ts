/** The fields and items between the brackets of a flow collection, and the commas and comments between them. */
import { lineEnd, lineStart, type Range, startsLine } from './source-text.ts'
import { applyEdits, type TextEdit } from './text-edits.ts'

/** A part of the new collection: one of the old parts with its edits, or a new one. */
export type Part = { from: number; edits: TextEdit[] } | { added: string }

/**
 * Returns the edits that make the parts out of those at `ranges`, and leave all comments; undefined if none of them
 * stays.
 */
export function editParts(
  text: string,
  ranges: readonly Range[],
  parts: readonly Part[],
): TextEdit[] | undefined {
  const kept = parts.flatMap((part) => ('from' in part ? [part.from] : []))
  const first = ranges[kept[0] ?? -1]
  if (!first) return ranges.length + parts.length === 0 ? [] : undefined
  const space = spaceBetween(text, ranges)
  if (kept.some((at, index) => index > 0 && at < (kept[index - 1] ?? 0)))
    return editParts(text, ranges, inPlace(text, ranges, parts))
  const edits = removals(text, ranges, new Set(kept))
  let last: Range | undefined
  let added: string[] = []
  for (const part of [...parts, undefined]) {
    if (part && 'added' in part) {
      added.push(part.added)
      continue
    }
    if (added.length > 0) {
      if (last) edits.push(...insertions(text, last, added, space))
      else
        edits.push({
          start: first.start,
          end: first.start,
          text: added.map((own) => `${own},${space}`).join(''),
        })
    }
    added = []
    if (part) {
      for (const edit of part.edits) edits.push(edit)
      last = ranges[part.from]
    }
  }
  return edits
}

/** Puts parts that are in another order at the places of the old ones, one after the other. */
function inPlace(text: string, ranges: readonly Range[], parts: readonly Part[]): Part[] {
  return parts.map((part, at): Part => {
    const range = ranges[at]
    const own = 'added' in part ? part.added : editedPart(text, ranges[part.from] as Range, part.edits)
    return range ? { from: at, edits: [{ ...range, text: own }] } : { added: own }
  })
}

function editedPart(text: string, { start, end }: Range, edits: readonly TextEdit[]): string {
  return applyEdits(text, edits, start, end)
}

/** Returns the white space behind the commas, with line feeds alone. */
function spaceBetween(text: string, ranges: readonly Range[]): string {
  const [before, last] = ranges.slice(-2)
  const gap = last && /^\s*,(\s+)$/.exec(text.slice(before?.end, last.start))?.[1]
  if (gap !== undefined) return gap.replaceAll('\r', '')
  const start = (ranges.at(-1) as Range).start
  return startsLine(text, start) ? `\n${' '.repeat(start - lineStart(text, start))}` : ' '
}

function removals(text: string, ranges: readonly Range[], isKept: ReadonlySet<number>): TextEdit[] {
  const edits: TextEdit[] = []
  for (let from = 0; from < ranges.length; from++) {
    if (isKept.has(from)) continue
    let to = from
    while (to + 1 < ranges.length && !isKept.has(to + 1)) to++
    const [before, next] = [ranges[from - 1], ranges[to + 1]]
    // With the commas behind them, or in front of them if they are the last ones.
    const start = next ? (ranges[from] as Range).start : (before?.end ?? 0)
    const end = next ? next.start : (ranges[to] as Range).end
    const removed = ranges.slice(from, to + 1)
    if (hasComment(between(text, { start, end }, removed))) {
      for (const range of removed) edits.push(...removalBetweenComments(text, range))
    } else edits.push({ start, end, text: '' })
    from = to
  }
  return edits
}

/** Returns the text of a range without some parts in it. */
function between(text: string, { start, end }: Range, parts: readonly Range[]): string {
  return applyEdits(
    text,
    parts.map((part) => ({ ...part, text: '' })),
    start,
    end,
  )
}

function hasComment(text: string): boolean {
  return /(?:^|\s)#/.test(text)
}

function removalBetweenComments(text: string, { start, end }: Range): TextEdit[] {
  const comma = commaBehind(text, end)
  const removed = [{ start, end, text: '' }]
  return comma === undefined ? removed : [...removed, { start: comma, end: comma + 1, text: '' }]
}

/** Returns the position of the comma behind a part, before which there may be comments. */
function commaBehind(text: string, end: number): number | undefined {
  let at = end
  while (at < text.length && /[\s#]/.test(text.charAt(at))) at = text[at] === '#' ? lineEnd(text, at) : at + 1
  return text[at] === ',' ? at : undefined
}

/** Inserts behind a part, and behind the comment on its line. */
function insertions(text: string, { end }: Range, added: readonly string[], space: string): TextEdit[] {
  const comma = commaBehind(text, end)
  const from = comma === undefined || text.slice(end, comma).includes('\n') ? end : comma + 1
  if (!startsComment(text, from))
    return [{ start: end, end, text: added.map((own) => `,${space}${own}`).join('') }]
  const at = lineEnd(text, from)
  const lines = added.join(`,${space}`)
  if (comma !== undefined) return [{ start: at, end: at, text: `${asLine(space)}${lines},` }]
  return [
    { start: end, end, text: ',' },
    { start: at, end: at, text: asLine(space) + lines },
  ]
}

const COMMENT = /[ \t]+#/y

/** Does not look at the rest of the line, which may be long and have many parts. */
function startsComment(text: string, at: number): boolean {
  COMMENT.lastIndex = at
  return COMMENT.test(text)
}

function asLine(space: string): string {
  return space.includes('\n') ? space : `\n${space}`
}
