import { isMap } from 'yaml'
import { type CommentSlot, commentSlots } from '../krm/comments.ts'
import { jsonOf } from '../krm/json-value.ts'
import type { ListTypes } from '../krm/list-types.ts'
import { parsesTo } from '../krm/rewrite.ts'
import { commentLines, commentsOf, indent, parseSource, type SourceDocument } from '../krm/source-text.ts'
import { applyEdits, type TextEdit } from '../krm/text-edits.ts'

/** Lines of one comment that tell it from others. */
const MAX_LINES = 100

type Change = { slot: CommentSlot; wanted: string }

/**
 * Returns the text of a merged object with the changed comments of upstream. Setters live in comments, so upstream's
 * change is taken unless local changed the comment too; comments never conflict.
 */
export function mergeComments(
  body: string,
  original: SourceDocument,
  upstream: SourceDocument,
  listTypes: ListTypes,
): string {
  const reference = jsonOf(original.root, original.document)
  const formerly = commentSlots(original, reference, listTypes)
  const changed = new Map<string, CommentSlot>()
  for (const [key, slot] of commentSlots(upstream, reference, listTypes)) {
    const old = formerly.get(key)
    if (old && old.text !== slot.text) changed.set(key, slot)
  }
  if (changed.size === 0) return body
  const document = parseSource(body)
  if (!isMap(document.contents)) return body
  const slots = [...commentSlots({ body, document, root: document.contents }, reference, listTypes)]
  const changes = slots.flatMap(([key, slot]) => {
    const wanted = changed.get(key)
    if (!wanted || slot.text !== formerly.get(key)?.text) return []
    // This comment ties the object to upstream, whatever its local name is.
    return slot.text.includes('kpt-merge:') ? [] : [{ slot, wanted: wanted.text }]
  })
  const [before, now, merged] = [commentsOf(original), commentsOf(upstream), commentLines(body)]
  const left = new Set(changes.map(({ slot }) => slot.text.trim()))
  const come = new Set(changes.map(({ wanted }) => wanted.trim()))
  const edits = changes.filter(isWhole).map(({ slot, wanted }): TextEdit => {
    const { start, end, where, column } = slot
    return { start, end, text: where === 'behind' ? wanted && ` ${wanted}` : indent(wanted, column) }
  })
  const edited = applyEdits(body, edits)
  return parsesTo(edited, jsonOf(document.contents, document)) ? edited : body

  /** Reports whether a comment that upstream moved goes from one place and comes to the other. */
  function isWhole({ slot, wanted }: Change): boolean {
    const [from, to] = [slot.text.trim(), wanted.trim()]
    const isMoved = (text: string): boolean => countIn(before, text) > 0 && countIn(now, text) > 0
    if (from === '' && isMoved(to)) return countIn(merged, to) === 0 || left.has(to)
    if (to === '' && isMoved(from)) return countIn(merged, from) > 1 || come.has(from)
    return true
  }
}

/** Returns how often a text has all lines of a comment. */
function countIn(lines: ReadonlyMap<string, number>, comment: string): number {
  return Math.min(...comment.split('\n', MAX_LINES).map((line) => lines.get(line.trim()) ?? 0))
}
