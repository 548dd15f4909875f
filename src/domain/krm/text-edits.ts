/** Changes of parts of a text, which do not overlap. */
export type TextEdit = { start: number; end: number; text: string }

/** The part of a text from `from` to `to`, with the edits that lie in it. */
export function applyEdits(text: string, edits: readonly TextEdit[], from = 0, to = text.length): string {
  const inside = edits.filter(({ start, end }) => start >= from && end <= to)
  let result = ''
  let at = from
  // Insertions at one place stay in the order in which they were made.
  for (const edit of inside.sort((a, b) => a.start - b.start || a.end - b.end)) {
    result += text.slice(at, edit.start) + edit.text
    at = edit.end
  }
  return result + text.slice(at, to)
}
