/** The comments of a document, by the field they belong to. */
import { isMap, isSeq, type ParsedNode, type YAMLSeq } from 'yaml'
import { stringifyExact } from '../../core/exact-json.ts'
import { type JsonValue, jsonOf } from './json-value.ts'
import { keyedItems } from './list-items.ts'
import type { ListTypes } from './list-types.ts'
import { keysOf } from './map-plan.ts'
import {
  commentBehind,
  commentStart,
  type Entry,
  entriesOf,
  indent,
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
    const names = isMap(node) ? keysOf(node).map((key) => key ?? '<<') : undefined
    const items = isSeq(node) ? itemKeys(node as YAMLSeq.Parsed, path) : []
    for (const [at, entry] of entriesOf(text, node).entries()) {
      const name = names?.[at]
      const key = `${parent}/${name === undefined ? items[at] : JSON.stringify(name)}`
      visit(entry.place.node, key, [...path, name ?? '[]'])
      add(key, entry)
    }
  }

  /** Items without keys are known by their values. */
  function itemKeys(seq: YAMLSeq.Parsed, path: readonly string[]): readonly string[] {
    const values = jsonOf(seq, document) as readonly JsonValue[]
    const [items] = keyedItems([values], listTypes(path)) ?? []
    if (items) return items.map(({ key }) => key)
    const counts = new Map<string, number>()
    return values.map((value) => {
      const text = stringifyExact(value)
      const count = counts.get(text) ?? 0
      counts.set(text, count + 1)
      return `${text} ${count}`
    })
  }

  function add(key: string, entry: Entry): void {
    const { place, column } = entry
    if (startsLine(text, entry.start)) {
      const [start, end] = [commentStart(text, entry), lineStart(text, entry.start)]
      slots.set(`${key} above`, { start, end, text: aligned(start, end, column), column, where: 'above' })
    }
    const behind = behindSlot(entry)
    if (behind) slots.set(`${key} behind`, { ...behind, column, where: 'behind' })
    const inner = isBlockCollection(place.node) ? entriesOf(text, place.node).at(-1) : undefined
    const start = inner ? tailEnd(text, inner) : lineEnd(text, entry.end)
    const end = tailEnd(text, entry)
    slots.set(`${key} below`, { start, end, text: aligned(start, end, column), column, where: 'below' })
  }

  function behindSlot({ place, end }: Entry): (Range & { text: string }) | undefined {
    const found = commentBehind(text, place)
    if (found) return { ...found, text: text.slice(found.start, found.end).trimStart() }
    const at = isBlockCollection(place.node) ? place.properties : end
    const isFree = text.slice(at, lineEnd(text, at)).trim() === ''
    return isFree ? { start: at, end: at, text: '' } : undefined
  }

  /** Returns lines as if the field were in the first column. */
  function aligned(start: number, end: number, column: number): string {
    return indent(text.slice(start, end).replaceAll('\r', ''), -column)
  }
}
