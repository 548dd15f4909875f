/** The comments of a document, by the field they belong to. */
import { isMap, type ParsedNode, type YAMLMap, type YAMLSeq } from 'yaml'
import { alignItems } from './align-items.ts'
import { fieldOf, isJsonArray, type JsonValue, jsonOf } from './json-value.ts'
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

/** The name of a field, or the index of an item, and its value in the reference. */
type Step = [step: string | number | undefined, value: JsonValue | undefined]

/**
 * Returns the comments above, behind and below fields and items in block style, as far as the reference, another version
 * of the object, has those fields. Comments of the same field have the same key in all versions.
 */
export function commentSlots(
  source: SourceDocument,
  reference: JsonValue,
  listTypes: ListTypes,
): Map<string, CommentSlot> {
  const slots = new Map<string, CommentSlot>()
  const { body: text, document } = source
  visit(source.root, reference, '', [])
  return slots

  function visit(node: ParsedNode | null, known: JsonValue, parent: string, path: readonly string[]): void {
    if (!isBlockCollection(node)) return
    const steps = isMap(node) ? fieldSteps(node, known) : itemSteps(node as YAMLSeq.Parsed, known, path)
    for (const [at, entry] of entriesOf(text, node).entries()) {
      const [step, value] = steps[at] ?? []
      if (step === undefined || value === undefined) continue
      const key = `${parent}/${step}`
      visit(entry.place.node, value, key, [...path, isMap(node) ? `${step}` : '[]'])
      add(key, entry)
    }
  }

  /** Returns the name of each field, and its value in the reference. */
  function fieldSteps(map: YAMLMap.Parsed, known: JsonValue): Step[] {
    return keysOf(map).map((key) =>
      // The reference has the fields of a merge key among the others.
      key === undefined ? ['<<', known] : [key, fieldOf(known, key)],
    )
  }

  /** Returns the index of each item in the list of the reference, and its value there. */
  function itemSteps(seq: YAMLSeq.Parsed, known: JsonValue, path: readonly string[]): Step[] {
    if (!isJsonArray(known)) return []
    const values = jsonOf(seq, document) as readonly JsonValue[]
    return alignItems(known, values, [], listTypes(path)).map(({ from }) => [from, known[from ?? -1]])
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
