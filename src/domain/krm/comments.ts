/** The comments of a document, by the field they belong to. */
import { isMap, isSeq, type ParsedNode, type YAMLMap, type YAMLSeq } from 'yaml'
import { type JsonValue, jsonOf, keyText } from './json-value.ts'
import { keyedItems } from './list-items.ts'
import type { ListTypes } from './list-types.ts'
import {
  commentStart,
  type Entry,
  isBlockScalar,
  isFlow,
  lineEnd,
  lineStart,
  mapEntries,
  type ParsedPair,
  type SourceDocument,
  seqEntries,
  startsLine,
} from './source-text.ts'

/** The range of a comment, or of where one could be inserted; `text` is empty without one. */
export type CommentSlot = { start: number; end: number; text: string; column: number }

/**
 * Returns the comments above and behind fields and items in block style. The key of a comment names its field, so it is
 * the same in other versions of the object.
 */
export function commentSlots(source: SourceDocument, listTypes: ListTypes): Map<string, CommentSlot> {
  const slots = new Map<string, CommentSlot>()
  const { body: text, document } = source
  visitNode(source.root, '', [])
  return slots

  function visitNode(node: ParsedNode | null, key: string, place: readonly string[]): void {
    if (isFlow(node)) return
    if (isMap(node)) visitMap(node as YAMLMap.Parsed, key, place)
    else if (isSeq(node)) visitList(node as YAMLSeq.Parsed, key, place)
  }

  function visitMap(map: YAMLMap.Parsed, parent: string, place: readonly string[]): void {
    const entries = mapEntries(text, map) ?? []
    for (const [at, entry] of entries.entries()) {
      const pair = map.items[at] as ParsedPair
      const name = keyText(pair.key)
      const key = `${parent}/${JSON.stringify(name)}`
      add(key, entry, pair.value, pair.key.range[1])
      visitNode(pair.value, key, [...place, name])
    }
  }

  function visitList(seq: YAMLSeq.Parsed, parent: string, place: readonly string[]): void {
    const [items] = keyedItems([jsonOf(seq, document) as JsonValue], listTypes(place)) ?? []
    for (const [at, entry] of (seqEntries(text, seq) ?? []).entries()) {
      const node = seq.items[at] as ParsedNode
      const key = `${parent}/${items?.[at]?.key ?? at}`
      if (!isMap(node) && !isSeq(node)) add(key, entry, node, undefined)
      else above(key, entry)
      visitNode(node, key, [...place, '[]'])
    }
  }

  function add(key: string, entry: Entry, value: ParsedNode | null, keyEnd: number | undefined): void {
    above(key, entry)
    if (isBlockScalar(value)) return
    const inside = (isMap(value) || isSeq(value)) && !isFlow(value)
    const from = inside && keyEnd !== undefined ? keyEnd + text.slice(keyEnd).indexOf(':') + 1 : entry.end
    const behind = text.slice(from, lineEnd(text, from)).trimEnd()
    if (/^(?:\s+#.*)?$/.test(behind)) {
      slots.set(`${key} behind`, {
        start: from,
        end: from + behind.length,
        text: behind.trimStart(),
        column: 0,
      })
    }
  }

  function above(key: string, entry: Entry): void {
    if (!startsLine(text, entry.start)) return
    const [start, end] = [commentStart(text, entry), lineStart(text, entry.start)]
    slots.set(`${key} above`, {
      start,
      end,
      text: text.slice(start, end).replace(/^ +/gm, ''),
      column: entry.column,
    })
  }
}
