/** The text of parts to insert: copied from a donor, a document that has the same value there, or else generated. */
import { isMap, isScalar, isSeq, type ParsedNode, stringify, type YAMLMap } from 'yaml'
import { isJsonArray, isJsonObject, type JsonValue, jsonOf, keyText, sameJson } from './json-value.ts'
import {
  commentStart,
  type Entry,
  indent,
  isBlockScalar,
  isFlow,
  lineEnd,
  lineStart,
  mapEntries,
  type ParsedPair,
  pairEnd,
  type SourceDocument,
  seqEntries,
  startsLine,
} from './source-text.ts'

/** A node of another document, whose text can be copied. */
export type Donor = { source: SourceDocument; node: ParsedNode | null }

/** Quotes `yes` and `on`, which YAML 1.1 reads as booleans. */
const WRITE = { lineWidth: 0, compat: 'yaml-1.1' } as const

export function writeObject(value: JsonValue): string {
  return stringify(value, WRITE)
}

/** Generates YAML without a line feed at the end. */
function printed(value: unknown): string {
  return stringify(value, WRITE).replace(/\n$/, '')
}

/** Returns a value in one line that is valid in block style and in a flow collection. */
export function writeInline(value: JsonValue): string {
  const line = stringify([value], { ...WRITE, collectionStyle: 'flow', flowCollectionPadding: false }).trim()
  return line.includes('\n') ? JSON.stringify(value) : line.slice(1, -1)
}

/** Returns a field with its key in the first column and no line feed at the end. */
export function fieldText(key: string, value: JsonValue, donor: Donor | undefined): string {
  const found = donorPair(donor, key, value)
  if (found) return entryText(found.donor, found.entry)
  return printed(new Map([[key, value]]))
}

/** Returns the text behind the key of a field: the colon and the value. */
export function behindKey(key: string, value: JsonValue, donor: Donor | undefined): string {
  const found = donorPair(donor, key, value)
  if (!found) return printed(new Map([['k', value]])).slice(1)
  const { body } = found.donor.source
  return indent(body.slice(found.pair.key.range[1], pairEnd(body, found.pair)), -found.entry.column, false)
}

/** Returns an item of a list in the same way; `at` is its index in the donor's list. */
export function itemText(value: JsonValue, donor: Donor | undefined, at: number | undefined): string {
  const node = donor?.node
  if (donor && isSeq(node) && at !== undefined) {
    const entry = seqEntries(donor.source.body, node)?.[at]
    if (entry && sameJson(jsonOf(node.items[at], donor.source.document), value))
      return entryText(donor, entry)
  }
  return printed([value])
}

/** Returns a value in one line, copied from the donor if it is one line there. */
export function inlineText(value: JsonValue, donor: Donor | undefined): string {
  const node = donor?.node
  if (!donor || !node || isBlockScalar(node)) return writeInline(value)
  const sameStyle = isJsonObject(value) || isJsonArray(value) ? isFlow(node) : isScalar(node)
  const [start, end] = node.range
  if (!sameStyle || start === end || !sameJson(jsonOf(node, donor.source.document), value))
    return writeInline(value)
  const text = donor.source.body.slice(start, end)
  return text.includes('\n') ? writeInline(value) : text
}

/** Returns the donor for a field or an item of the donor's node. */
export function donorAt(donor: Donor | undefined, step: string | number | undefined): Donor | undefined {
  if (!donor || step === undefined) return undefined
  const { node, source } = donor
  if (typeof step === 'number')
    return isSeq(node) ? { source, node: node.items[step] as ParsedNode } : undefined
  const at = isMap(node) ? placeOf(node as YAMLMap.Parsed, step) : undefined
  return at === undefined ? undefined : { source, node: pairAt(node, at).value }
}

function pairAt(map: ParsedNode | null, at: number): ParsedPair {
  return (map as YAMLMap.Parsed).items[at] as ParsedPair
}

const knownPlaces = new WeakMap<object, Map<string, number>>()

function placeOf(map: YAMLMap.Parsed, key: string): number | undefined {
  const known = knownPlaces.get(map)
  if (known) return known.get(key)
  const places = new Map(map.items.map((pair, at) => [keyText(pair.key), at]))
  knownPlaces.set(map, places)
  return places.get(key)
}

function donorPair(
  donor: Donor | undefined,
  key: string,
  value: JsonValue,
): { donor: Donor; pair: ParsedPair; entry: Entry } | undefined {
  if (!donor || !isMap(donor.node)) return undefined
  const at = placeOf(donor.node as YAMLMap.Parsed, key)
  if (at === undefined) return undefined
  const pair = pairAt(donor.node, at)
  const entry = mapEntries(donor.source.body, donor.node as YAMLMap.Parsed)?.[at]
  if (!entry || !sameJson(jsonOf(pair.value, donor.source.document), value)) return undefined
  return { donor, pair, entry }
}

/** Returns the text of an entry with the comments above and behind it. */
function entryText({ source: { body } }: Donor, entry: Entry): string {
  const from = lineStart(body, entry.start)
  const comment = startsLine(body, entry.start) ? body.slice(commentStart(body, entry), from) : ''
  const own = body.slice(entry.start, lineEnd(body, entry.end))
  return indent(comment, -entry.column) + indent(own, -entry.column, false)
}
