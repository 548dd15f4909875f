import { isMap } from 'yaml'
import { type CommentSlot, commentSlots } from '../krm/comments.ts'
import { jsonOf } from '../krm/json-value.ts'
import type { ListTypes } from '../krm/list-types.ts'
import { parsesTo } from '../krm/rewrite.ts'
import { indent, parseSource, type SourceDocument } from '../krm/source-text.ts'
import { applyEdits, type TextEdit } from '../krm/text-edits.ts'

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
  const before = commentSlots(original, reference, listTypes)
  const changed = new Map<string, CommentSlot>()
  for (const [key, slot] of commentSlots(upstream, reference, listTypes)) {
    const old = before.get(key)
    if (old && old.text !== slot.text) changed.set(key, slot)
  }
  if (changed.size === 0) return body
  const document = parseSource(body)
  if (!isMap(document.contents)) return body
  const slots = [...commentSlots({ body, document, root: document.contents }, reference, listTypes)]
  const changes = slots.flatMap(([key, slot]) => {
    const wanted = changed.get(key)
    if (!wanted || slot.text !== before.get(key)?.text) return []
    // This comment ties the object to upstream, whatever its local name is.
    return slot.text.includes('kpt-merge:') ? [] : [{ slot, wanted: wanted.text }]
  })
  const edits = changes.filter(isWhole).map(({ slot, wanted }): TextEdit => {
    const { start, end, where, column } = slot
    return { start, end, text: where === 'behind' ? wanted && ` ${wanted}` : indent(wanted, column) }
  })
  const edited = applyEdits(body, edits)
  return parsesTo(edited, jsonOf(document.contents, document)) ? edited : body

  /** Reports whether a comment that upstream moved goes from one place and comes to the other. */
  function isWhole({ slot, wanted }: Change): boolean {
    const [from, to] = [slot.text.trim(), wanted.trim()]
    const isMoved = (text: string): boolean => original.body.includes(text) && upstream.body.includes(text)
    if (from === '' && isMoved(to))
      return !body.includes(to) || changes.some((other) => other.slot.text.trim() === to)
    if (to === '' && isMoved(from))
      return body.split(from).length > 2 || changes.some((other) => other.wanted.trim() === from)
    return true
  }
}
