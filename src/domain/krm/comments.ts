/** The comments of a document, by the field they belong to. */
import { isMap, isSeq, type ParsedNode, type YAMLSeq } from 'yaml'
import { keysOf } from './inserted-text.ts'
import { type JsonValue, jsonOf } from './json-value.ts'
import { keyedItems } from './list-items.ts'
import type { ListTypes } from './list-types.ts'
import {
  commentBehind,
  commentStart,
  type Entry,
  entriesOf,
  isBlockCollection,
  lineEnd,
  lineStart,
  type Range,
  type SourceDocument,
  startsLine,
  tailEnd,
} from './source-text.ts'

/** A comment, or where one could be inserted; `text` is empty without one. */
export type CommentSlot = Range & { text: string; column: number; where: 'above' | 'behind' | 'below' }

/**
 * Returns the comments above, behind and below fields and items in block style. The key of a comment names its field, so
 * it is the same in other versions of the object.
 */
export function commentSlots(source: SourceDocument, listTypes: ListTypes): Map<string, CommentSlot> {
  const slots = new Map<string, CommentSlot>()
  const { body: text, document } = source
  visit(source.root, '', [])
  return slots

  function visit(node: ParsedNode | null, parent: string, path: readonly string[]): void {
    if (!isBlockCollection(node)) return
    const names = isMap(node) ? keysOf(node) : undefined
    const items = isSeq(node) ? itemKeys(node as YAMLSeq.Parsed, path) : []
    for (const [at, entry] of entriesOf(text, node).entries()) {
      const name = names?.[at]
      // An item may be called like a field, but not be in a list and a map at once.
      const key = `${parent}/${name === undefined ? items[at] : JSON.stringify(name)}`
      visit(entry.place.node, key, [...path, name ?? '[]'])
      add(key, entry)
    }
  }

  function itemKeys(seq: YAMLSeq.Parsed, path: readonly string[]): readonly (string | number)[] {
    const [items] = keyedItems([jsonOf(seq, document) as JsonValue], listTypes(path)) ?? []
    return items?.map(({ key }) => key) ?? seq.items.map((_, at) => at)
  }

  function add(key: string, entry: Entry): void {
    const { place, column } = entry
    if (startsLine(text, entry.start)) {
      const [start, end] = [commentStart(text, entry), lineStart(text, entry.start)]
      slots.set(`${key} above`, { start, end, text: aligned(start, end), column, where: 'above' })
    }
    const behind = behindSlot(entry)
    if (behind) slots.set(`${key} behind`, { ...behind, column, where: 'behind' })
    if (!isBlockCollection(place.node)) return
    const inner = entriesOf(text, place.node).at(-1)
    const start = inner ? tailEnd(text, inner) : lineEnd(text, entry.end)
    const end = tailEnd(text, entry)
    slots.set(`${key} below`, {
      start,
      end,
      text: aligned(start, end),
      column: inner?.column ?? column,
      where: 'below',
    })
  }

  function behindSlot({ place, end }: Entry): (Range & { text: string }) | undefined {
    const found = commentBehind(text, place)
    if (found) return { ...found, text: text.slice(found.start, found.end).trimStart() }
    const at = isBlockCollection(place.node) ? place.properties : end
    const isFree = text.slice(at, lineEnd(text, at)).trim() === ''
    return isFree ? { start: at, end: at, text: '' } : undefined
  }

  function aligned(start: number, end: number): string {
    return text.slice(start, end).replace(/^ +|\r/gm, '')
  }
}
