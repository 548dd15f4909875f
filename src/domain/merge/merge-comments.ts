import { isMap } from 'yaml'
import { type CommentSlot, commentSlots } from '../krm/comments.ts'
import { jsonOf } from '../krm/json-value.ts'
import type { ListTypes } from '../krm/list-types.ts'
import { parsesTo } from '../krm/rewrite.ts'
import { indent, parseSource, type SourceDocument } from '../krm/source-text.ts'
import { applyEdits, type TextEdit } from '../krm/text-edits.ts'

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
  const before = commentSlots(original, listTypes)
  const changed = new Map<string, CommentSlot>()
  for (const [key, slot] of commentSlots(upstream, listTypes)) {
    const old = before.get(key)
    if (old && old.text !== slot.text) changed.set(key, slot)
  }
  if (changed.size === 0) return body
  const document = parseSource(body)
  if (!isMap(document.contents)) return body
  const slots = [...commentSlots({ body, document, root: document.contents }, listTypes)]
  const changes = slots.flatMap(([key, slot]) => {
    const wanted = changed.get(key)
    if (!wanted || slot.text !== before.get(key)?.text) return []
    // This comment ties the object to upstream, whatever its local name is.
    return slot.text.includes('kpt-merge:') ? [] : [{ slot, wanted: wanted.text }]
  })
  const written = changes.map(({ wanted }) => wanted).join('\n')
  const edits = changes.flatMap(({ slot, wanted }): TextEdit[] => {
    const { start, end, where, column } = slot
    // It moved to where there is no place for it.
    if (wanted === '' && upstream.body.includes(slot.text.trim()) && !written.includes(slot.text.trim()))
      return []
    return [{ start, end, text: where === 'behind' ? wanted && ` ${wanted}` : indent(wanted, column) }]
  })
  const edited = applyEdits(body, edits)
  return parsesTo(edited, jsonOf(document.contents, document)) ? edited : body
}
