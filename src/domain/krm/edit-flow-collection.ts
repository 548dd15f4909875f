/** Edits inside flow collections such as `{cpu: 1, memory: 2Gi}`, and so inside JSON. */
import { isAlias, isMap, isSeq, type ParsedNode, type YAMLMap, type YAMLSeq } from 'yaml'
import { alignItems } from './align-items.ts'
import type { EditContext } from './edit-context.ts'
import { editParts, type Part } from './flow-parts.ts'
import { printedInline, printedJson } from './generated-text.ts'
import { type Donors, donorsAt, donorsAtItem, inlineText, listOf } from './inserted-text.ts'
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue, jsonOf, sameJson } from './json-value.ts'
import { keysOf, planMap } from './map-plan.ts'
import {
  fieldPlace,
  indentationOf,
  isFlow,
  itemPlaces,
  type ParsedPair,
  type Place,
  pairStart,
} from './source-text.ts'
import type { TextEdit } from './text-edits.ts'

/** Returns the edits that give a flow collection another value; undefined if it must be replaced as a whole. */
export function editFlowCollection(
  context: EditContext,
  node: ParsedNode,
  wanted: JsonValue,
  donors: Donors,
  path: readonly string[],
): TextEdit[] | undefined {
  const { listTypes, anchored } = context
  const { body: text, document } = context.source
  const isJson = /^[{[]\s*"/.test(text.slice(node.range[0], node.range[0] + 200))
  const indentation = indentationOf(text, node.range[0])
  return editCollection(node, wanted, donors, path)

  function edit(place: Place, wanted: JsonValue, from: Donors, path: readonly string[]): TextEdit[] {
    const { node, start, end, behind } = place
    const inside = editInside(node, wanted, from, path)
    if (inside) {
      anchored?.stays(node, wanted)
      return inside
    }
    if (node) anchored?.goes(node)
    // `{a}` and `{a: }` have no value.
    const before = start < end ? '' : text[behind - 1] === ':' ? ' ' : ': '
    return [{ start, end, text: before + written(wanted, from) }]
  }

  function editInside(
    node: ParsedNode | null,
    wanted: JsonValue,
    from: Donors,
    path: readonly string[],
  ): TextEdit[] | undefined {
    if (isAlias(node)) return sameJson(anchored?.valueOf(node), wanted) ? [] : undefined
    const isSame = sameJson(jsonOf(node, document), wanted)
    if (isSame && (!anchored || !isFlow(node))) return []
    return node && isFlow(node) ? editCollection(node, wanted, from, path) : undefined
  }

  function editCollection(
    node: ParsedNode,
    wanted: JsonValue,
    from: Donors,
    path: readonly string[],
  ): TextEdit[] | undefined {
    if (isMap(node) && isJsonObject(wanted)) return editMap(node as YAMLMap.Parsed, wanted, from, path)
    if (isSeq(node) && isJsonArray(wanted)) return editList(node as YAMLSeq.Parsed, wanted, from, path)
    return undefined
  }

  function editMap(
    map: YAMLMap.Parsed,
    wanted: JsonObject,
    from: Donors,
    path: readonly string[],
  ): TextEdit[] | undefined {
    const pairs = map.items as ParsedPair[]
    // The map of `[a: b]` has no braces.
    if (text[map.range[0]] !== '{') return undefined
    const keys = keysOf(map)
    const { values, added } = planMap(map, wanted, context)
    const places = pairs.map((pair) => fieldPlace(text, pair))
    const kept = keys.flatMap((key, at): Part[] => {
      const value = values[at]
      if (value === undefined) return []
      const edits = edit(places[at] as Place, value, donorsAt(from, key), [...path, key ?? '<<'])
      return [{ from: at, edits }]
    })
    const ranges = pairs.map((pair, at) => ({ start: pairStart(pair), end: (places[at] as Place).end }))
    return editParts(text, ranges, [...kept, ...added.map((key) => ({ added: field(wanted, key, from) }))])
  }

  function field(wanted: JsonObject, key: string, from: Donors): string {
    const donors = donorsAt(from, key)
    const name = isJson ? printedJson(key) : (donors.other?.key ?? printedInline(key))
    return `${name}: ${written(wanted[key] as JsonValue, donors)}`
  }

  function editList(
    seq: YAMLSeq.Parsed,
    wanted: readonly JsonValue[],
    from: Donors,
    path: readonly string[],
  ): TextEdit[] | undefined {
    const current = jsonOf(seq, document) as readonly JsonValue[]
    const places = itemPlaces(text, seq)
    const aligned = alignItems(current, wanted, listOf(from.other), listTypes(path))
    const parts = aligned.map((item, at): Part => {
      const value = wanted[at] as JsonValue
      const donors = donorsAtItem(from, item.donor, item.from)
      if (item.from === undefined) return { added: written(value, donors) }
      return { from: item.from, edits: edit(places[item.from] as Place, value, donors, [...path, '[]']) }
    })
    return editParts(text, places, parts)
  }

  function written(value: JsonValue, from: Donors): string {
    if (isJson) return printedJson(value)
    const copied = inlineText(value, from).replaceAll('\r\n', '\n')
    const [, ...lines] = copied.split('\n')
    // Lines must be indented deeper than the block around.
    const isDeep = lines.every((line) => line.trim() === '' || line.search(/\S/) > indentation)
    return isDeep ? copied : copied.replace(/\n[ \t]*/g, `\n${' '.repeat(indentation + 2)}`)
  }
}
