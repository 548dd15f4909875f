/** Edits of the entries of a block, and of the comments around them. */
import { isMap, isSeq, type YAMLMap, type YAMLSeq } from 'yaml'
import { type Donors, valueText } from './inserted-text.ts'
import type { JsonValue } from './json-value.ts'
import {
  commentBehind,
  commentLines,
  commentStart,
  commentsOf,
  type Entry,
  entriesOf,
  indent,
  isBlockCollection,
  isFlow,
  lineEnd,
  lineStart,
  startsLine,
  tailEnd,
} from './source-text.ts'
import type { TextEdit } from './text-edits.ts'

/** Replaces the value of an entry, and keeps the comments behind and below it. */
export function replacement(text: string, entry: Entry, wanted: JsonValue, donors: Donors): TextEdit {
  const { place, column } = entry
  const { behind, end, node } = place
  const { head, below, isBlock, endsInText } = valueText(wanted, donors)
  const found = commentBehind(text, place)
  const isMoved = found !== undefined && (isBlock || found.start < end)
  const comment = isMoved ? text.slice(found.start, found.end) : ''
  const colon = node === null && text[behind - 1] !== ':' ? `\n${' '.repeat(column)}:` : ''
  const lines = indent(below, column, false)
  const written = colon + (isBlock ? head + comment + lines : head + lines + comment)
  const tail = tailOf(text, entry, lines, donors)
  if (tail === undefined)
    return { start: behind, end: isMoved ? Math.max(end, found.end) : end, text: written }
  const untouched = isMoved ? '' : text.slice(end, lineEnd(text, end))
  const own = endsInText ? tail.replace(/^ +/gm, ' '.repeat(column)) : tail
  return { start: behind, end: tailEnd(text, entry), text: written + untouched + own }
}

/**
 * Returns the comments below an entry that stay if its value is replaced: its own, and those of its last item if the
 * other document has them too, unless they are in the new lines. Undefined if there are none.
 */
function tailOf(text: string, entry: Entry, lines: string, { other }: Donors): string | undefined {
  const { node, end } = entry.place
  const inner = isBlockCollection(node) ? lastLineOf(text, node) : lineEnd(text, end)
  const tail = text.slice(inner, tailEnd(text, entry))
  if (tail === '') return undefined
  const own = text.slice(lineEnd(text, end), tailEnd(text, entry))
  const [written, ownLines] = [commentLines(lines), commentLines(own)]
  const others = other && commentsOf(other.source)
  const kept = tail
    .split('\n')
    .slice(1)
    .filter((line) => {
      const comment = line.trim()
      return comment !== '' && !written.has(comment) && (ownLines.has(comment) || others?.has(comment))
    })
  return kept.map((line) => `\n${line}`).join('')
}

/** Removes entries with the comments around them. */
export function removals(
  text: string,
  entries: readonly Entry[],
  isKept: (at: number) => boolean,
  donors: Donors,
): TextEdit[] {
  const edits: TextEdit[] = []
  const firstKept = entries.findIndex((_, at) => isKept(at))
  const first = entries[0] as Entry
  let at = 0
  if (firstKept > 0 && !startsLine(text, first.start)) {
    // `- a: 1` loses its first field, so the next one moves up to the dash.
    const next = entries[firstKept] as Entry
    edits.push({ start: first.start, end: commentStart(text, next) + next.column, text: '' })
    at = firstKept
  }
  for (; at < entries.length; at++) {
    const entry = entries[at] as Entry
    if (isKept(at)) continue
    const isOwn = at > 0 || !isAboutAll(text, entry, donors)
    const start = isOwn ? commentStart(text, entry) : lineStart(text, entry.start)
    const end = tailEnd(text, entry)
    edits.push(start === 0 ? { start, end: end + 1, text: '' } : { start: start - 1, end, text: '' })
  }
  return edits
}

/** Reports whether the comment above the first entry stays without it: if the other document still has it there. */
function isAboutAll(text: string, first: Entry, { other }: Donors): boolean {
  const node = other?.place.node
  if (!other || !(isMap(node) || isSeq(node)) || isFlow(node)) return true
  const { body } = other.source
  const now = entriesOf(body, node as YAMLMap.Parsed)[0]
  if (!now) return true
  const above = (text: string, entry: Entry): string =>
    text.slice(commentStart(text, entry), lineStart(text, entry.start)).replace(/^ +|\r/gm, '')
  return above(body, now).includes(above(text, first))
}

/** Returns a function that reports whether one of the edits replaces what is right before a position. */
export function replacedBy(edits: readonly TextEdit[]): (at: number) => boolean {
  const sorted = edits.filter(({ start, end }) => start < end).sort((a, b) => a.start - b.start)
  return (at) => {
    let [low, high] = [0, sorted.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((sorted[middle] as TextEdit).start < at) low = middle + 1
      else high = middle
    }
    // Edits do not overlap.
    return (sorted[low - 1]?.end ?? -1) >= at
  }
}

/** Inserts behind the entry `after`, or else before those that are kept. */
export function insertion(
  text: string,
  entries: readonly Entry[],
  after: number | undefined,
  firstKept: number,
  added: string,
  isReplaced: (at: number) => boolean,
): TextEdit {
  const first = entries[0] as Entry
  if (after !== undefined) {
    const end = tailEnd(text, entries[after] as Entry)
    const below = belowSameComment(text, end, added)
    const { at, rest } = below.at !== end && isReplaced(below.at) ? { at: end, rest: added } : below
    return { start: at, end: at, text: `\n${indent(rest, first.column)}` }
  }
  const ownLine = startsLine(text, first.start)
  const at = ownLine ? commentStart(text, entries[firstKept] as Entry) + first.column : first.start
  return { start: at, end: at, text: `${indent(added, first.column, false)}\n${' '.repeat(first.column)}` }
}

/** Returns the end of the last line of a block, above the comments below its last entry. */
function lastLineOf(text: string, node: YAMLMap.Parsed | YAMLSeq.Parsed): number {
  const last = entriesOf(text, node).at(-1)
  if (!last) return node.range[1]
  const inner = last.place.node
  return isBlockCollection(inner) ? lastLineOf(text, inner) : lineEnd(text, last.end)
}

/** Moves an insertion below the comment that it brings along, if that is there already. */
function belowSameComment(text: string, from: number, added: string): { at: number; rest: string } {
  const comment = /^(?:#.*\n)+/.exec(added)?.[0]
  if (comment === undefined) return { at: from, rest: added }
  let at = from
  for (const line of comment.trimEnd().split('\n')) {
    const end = lineEnd(text, at + 1)
    if (at >= text.length || text.slice(at + 1, end).trim() !== line.trim()) return { at: from, rest: added }
    at = end
  }
  return { at, rest: added.slice(comment.length) }
}
