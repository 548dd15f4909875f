/** Edits inside flow collections such as `{cpu: 1, memory: 2Gi}`, and so inside JSON. */
import { type Document, isMap, isScalar, isSeq, type ParsedNode, type YAMLMap, type YAMLSeq } from 'yaml'
import { alignItems } from './align-items.ts'
import { type Donor, donorAt, inlineText, writeInline } from './inserted-text.ts'
import {
  fieldOf,
  isJsonArray,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  jsonOf,
  keyText,
  sameJson,
} from './json-value.ts'
import type { ListTypes } from './list-types.ts'
import { isFlow, type ParsedPair } from './source-text.ts'
import type { TextEdit } from './text-edits.ts'

/** The range of a field or an item between two commas. */
type Part = { start: number; end: number }

export type FlowContext = { text: string; document: Document.Parsed; listTypes: ListTypes }

/** Returns the edits that give a flow collection another value; undefined if it must be replaced as a whole. */
export function editFlowCollection(
  { text, document, listTypes }: FlowContext,
  node: ParsedNode,
  wanted: JsonValue,
  donor: Donor | undefined,
  place: readonly string[],
): TextEdit[] | undefined {
  const isJson = /^[{[]\s*"/.test(text.slice(node.range[0], node.range[0] + 200))
  return edit(node, wanted, donor, place)

  function edit(
    node: ParsedNode | null,
    wanted: JsonValue,
    from: Donor | undefined,
    place: readonly string[],
  ): TextEdit[] | undefined {
    if (!node || node.range[0] === node.range[1]) return undefined
    if (sameJson(jsonOf(node, document), wanted)) return []
    const [start, end] = node.range
    const inside = isFlow(node) ? editInside(node, wanted, from, place) : undefined
    if (inside) return inside
    return isFlow(node) || isScalar(node) ? [{ start, end, text: written(wanted, from) }] : undefined
  }

  function editInside(
    node: ParsedNode,
    wanted: JsonValue,
    from: Donor | undefined,
    place: readonly string[],
  ): TextEdit[] | undefined {
    if (isMap(node) && isJsonObject(wanted)) return editMap(node as YAMLMap.Parsed, wanted, from, place)
    if (isSeq(node) && isJsonArray(wanted)) return editList(node as YAMLSeq.Parsed, wanted, from, place)
    return undefined
  }

  function editMap(
    map: YAMLMap.Parsed,
    wanted: JsonObject,
    from: Donor | undefined,
    place: readonly string[],
  ): TextEdit[] | undefined {
    if (text[map.range[0]] !== '{') return undefined
    const pairs = map.items as ParsedPair[]
    const keys = pairs.map(({ key }) => keyText(key))
    const known = new Set(keys)
    const parts = pairs.map(({ key, value }) => ({
      start: key.range[0],
      end: Math.max(key.range[1], value?.range[1] ?? 0),
    }))
    const added = Object.keys(wanted)
      .filter((key) => !known.has(key))
      .map((key) => {
        const name = isJson ? JSON.stringify(key) : writeInline(key)
        return `${name}: ${written(wanted[key] as JsonValue, donorAt(from, key))}`
      })
    const edits = editParts(map, parts, (at) => fieldOf(wanted, keys[at] ?? '') !== undefined, added)
    for (const [at, { value }] of pairs.entries()) {
      const key = keys[at] ?? ''
      const field = fieldOf(wanted, key)
      if (!edits || field === undefined) continue
      const inner = edit(value, field, donorAt(from, key), [...place, key])
      if (!inner) return undefined
      edits.push(...inner)
    }
    return edits
  }

  function editList(
    seq: YAMLSeq.Parsed,
    wanted: readonly JsonValue[],
    from: Donor | undefined,
    place: readonly string[],
  ): TextEdit[] | undefined {
    const current = jsonOf(seq, document) as readonly JsonValue[]
    const aligned = alignItems(current, wanted, [], listTypes(place))
    const kept = aligned.flatMap(({ from: at }) => at ?? [])
    const inOrder = kept.every((at, index) => index === 0 || at > (kept[index - 1] ?? 0))
    // New items can only be appended.
    if (!inOrder || aligned.slice(0, kept.length).some(({ from: at }) => at === undefined)) return undefined
    const items = seq.items as ParsedNode[]
    const parts = items.map(({ range: [start, end] }) => ({ start, end }))
    const isKept = new Set(kept)
    const added = wanted.slice(kept.length).map((item) => written(item, undefined))
    const edits = editParts(seq, parts, (at) => isKept.has(at), added)
    for (const [index, at] of kept.entries()) {
      const inner = edit(items[at] as ParsedNode, wanted[index] as JsonValue, donorAt(from, undefined), [
        ...place,
        '[]',
      ])
      if (!edits || !inner) return undefined
      edits.push(...inner)
    }
    return edits
  }

  /** Removes parts, each with a comma, and appends new ones. */
  function editParts(
    node: ParsedNode,
    parts: readonly Part[],
    isKept: (at: number) => boolean,
    added: readonly string[],
  ): TextEdit[] | undefined {
    const kept = parts.map((_, at) => isKept(at))
    const [first, last] = [kept.indexOf(true), kept.lastIndexOf(true)]
    if (first < 0) return undefined
    const edits: TextEdit[] = []
    if (first > 0) edits.push({ start: startOf(0), end: startOf(first), text: '' })
    for (let at = first + 1; at < parts.length; at++) {
      if (!kept[at]) edits.push({ start: endOf(at - 1), end: endOf(at), text: '' })
    }
    const gap = text.slice(
      parts.length > 1 ? endOf(parts.length - 2) : node.range[0] + 1,
      startOf(parts.length - 1),
    )
    const space = /^,?(\s+)$/.exec(gap)?.[1] ?? ' '
    const behind = added.map((part) => `,${space}${part}`).join('')
    if (behind !== '') edits.push({ start: endOf(last), end: endOf(last), text: behind })
    return edits

    function startOf(at: number): number {
      return parts[at]?.start ?? 0
    }

    function endOf(at: number): number {
      return parts[at]?.end ?? 0
    }
  }

  function written(value: JsonValue, from: Donor | undefined): string {
    if (isJson) return JSON.stringify(value)
    const line = inlineText(value, from)
    // A scalar that needs no quotes in block style may need them in a flow collection.
    return isScalar(from?.node) && /[,[\]{}]/.test(line) ? writeInline(value) : line
  }
}
