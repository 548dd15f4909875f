/** The replacement of a range of a text. The edits of one text do not overlap. */
export type TextEdit = { start: number; end: number; text: string }

/** Returns a text from `from` to `to`, with the edits inside that range applied. */
export function applyEdits(text: string, edits: readonly TextEdit[], from = 0, to = text.length): string {
  const inside = edits.filter(({ start, end }) => start >= from && end <= to)
  let result = ''
  let at = from
  // The sort is stable, so insertions at one position stay in order.
  for (const edit of inside.sort((a, b) => a.start - b.start || a.end - b.end)) {
    result += text.slice(at, edit.start) + edit.text
    at = edit.end
  }
  return result + text.slice(at, to)
}
