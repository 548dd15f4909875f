/** The text of parts to insert: copied from a document that has the same value there, or else generated. */
import { isAlias, isMap, isScalar, isSeq, type ParsedNode, Scalar, type YAMLMap } from 'yaml'
import { targetOf } from './alias-targets.ts'
import { printed, printedInline } from './generated-text.ts'
import { isJsonArray, type JsonValue, jsonOf, keyText, sameJson } from './json-value.ts'
import { keysOf } from './map-plan.ts'
import {
  commentBehind,
  commentStart,
  type Entry,
  entriesOf,
  fieldPlace,
  indent,
  isBlockCollection,
  isBlockScalar,
  isFlow,
  itemPlaces,
  lineStart,
  type ParsedPair,
  type Place,
  pairStart,
  type SourceDocument,
  startsLine,
  tailEnd,
} from './source-text.ts'
import { isMergeKey } from './yaml-1.1.ts'

/** A value of another document, whose text can be copied; in block style with its key or dash. */
export type Donor = {
  source: SourceDocument
  place: Place
  entry: Entry | undefined
  /** The text of the key of a field, if it is valid in block style and in a flow collection. */
  key?: string | undefined
}

/** The other document, and the edited one with its aliases written out, each at the edited place. */
export type Donors = { other: Donor | undefined; own: Donor | undefined }

/** The text of a value behind its colon or dash; the lines below are indented as if that were in the first column. */
export type ValueText = {
  head: string
  below: string
  /** A block, of which a comment can only be behind the head. */
  isBlock: boolean
  /** Its last lines are those of a block scalar, so that a comment below that is indented deeper becomes a part of it. */
  endsInText: boolean
}

export function donorOf(source: SourceDocument): Donor {
  const { root } = source
  const [start, end] = root.range
  return { source, place: { node: root, start, end, behind: start, properties: start }, entry: undefined }
}

/** Returns the donors for a field; `key` is undefined for a merge key. */
export function donorsAt({ other, own }: Donors, key: string | undefined): Donors {
  return { other: other && fieldDonor(other, key), own: own && fieldDonor(own, key) }
}

/** Returns the donors for an item, given its index in each of their lists. */
export function donorsAtItem({ other, own }: Donors, inOther?: number, inOwn?: number): Donors {
  return { other: itemDonor(other, inOther), own: itemDonor(own, inOwn) }
}

function fieldDonor({ source, place: { node } }: Donor, key: string | undefined): Donor | undefined {
  const at = isMap(node) ? indexOf(node as YAMLMap.Parsed, key) : undefined
  if (!isMap(node) || at === undefined) return undefined
  const pair = node.items[at] as ParsedPair
  const entry = isFlow(node) ? undefined : entriesOf(source.body, node as YAMLMap.Parsed)[at]
  const place = entry?.place ?? fieldPlace(source.body, pair)
  return { source, place, entry, key: keyIn(source.body, pair) }
}

function keyIn(body: string, pair: ParsedPair): string | undefined {
  const text = body.slice(pairStart(pair), pair.key.range[1])
  return /^[?&*]|[\n,[\]{}]/.test(text) ? undefined : text
}

function itemDonor(donor: Donor | undefined, at: number | undefined): Donor | undefined {
  const node = donor?.place.node
  if (!donor || !isSeq(node) || at === undefined) return undefined
  const { source } = donor
  const entry = isFlow(node) ? undefined : entriesOf(source.body, node)[at]
  if (entry) return entryDonor(source, entry)
  const place = isFlow(node) ? itemPlaces(source.body, node)[at] : undefined
  return place && { source, place, entry: undefined }
}

function entryDonor(source: SourceDocument, entry: Entry): Donor {
  return { source, place: entry.place, entry }
}

const knownIndexes = new WeakMap<object, Map<string | undefined, number>>()

function indexOf(map: YAMLMap.Parsed, key: string | undefined): number | undefined {
  const known = knownIndexes.get(map) ?? new Map(keysOf(map).map((name, at) => [name, at]))
  knownIndexes.set(map, known)
  return known.get(key)
}

/** Returns the list that a donor has; an empty one if it has none. */
export function listOf(donor: Donor | undefined): readonly JsonValue[] {
  const value = donor && jsonOf(donor.place.node, donor.source.document)
  return isJsonArray(value) ? value : []
}

/** Returns the first donor that has a value. */
function donorWith({ other, own }: Donors, value: JsonValue): Donor | undefined {
  return [other, own].find(
    (donor) => donor && sameJson(jsonOf(donor.place.node, donor.source.document), value),
  )
}

/** Returns a field with its key in the first column and no line feed at the end; `donors` are those of its value. */
export function fieldText(key: string, value: JsonValue, donors: Donors): string {
  const donor = donorWith(donors, value)
  if (donor?.entry) return entryText(donor.source.body, donor.entry)
  if (!donor) return printed(new Map([[key, value]]))
  const { head, below } = valueText(value, donors)
  return `${donor.key ?? printedInline(key)}:${head}${below}`
}

/** Returns an item of a list in the same way. */
export function itemText(value: JsonValue, donors: Donors): string {
  const donor = donorWith(donors, value)
  if (donor?.entry) return entryText(donor.source.body, donor.entry)
  if (!donor) return printed([value])
  const { head, below } = valueText(value, donors)
  return `-${head}${below}`
}

/** Returns the text of an entry with the comments above, behind and below it. */
function entryText(body: string, entry: Entry): string {
  const from = lineStart(body, entry.start)
  const comment = startsLine(body, entry.start) ? body.slice(commentStart(body, entry), from) : ''
  const own = body.slice(entry.start, tailEnd(body, entry)).replace(/\r$/, '')
  return indent(withLineFeeds(comment), -entry.column) + indent(withLineFeeds(own), -entry.column, false)
}

function withLineFeeds(text: string): string {
  return text.replaceAll('\r\n', '\n')
}

/** Returns the text of a value, without the comment behind it. */
export function valueText(value: JsonValue, donors: Donors): ValueText {
  const donor = donorWith(donors, value)
  const text = donor && copiedText(donor)
  if (donor && text !== undefined) {
    const { node } = donor.place
    const isBlock = isBlockScalar(node) || (isBlockCollection(node) && startsBelow(donor))
    return { ...split(text), isBlock, endsInText: endsInText(node) }
  }
  const generated = printed(new Map([['k', value]])).slice('k:'.length)
  const isBlock = generated.includes('\n')
  return { ...split(generated), isBlock, endsInText: /[|>][-+0-9]*$/m.test(generated) }
}

function endsInText(node: ParsedNode | null): boolean {
  if (!isBlockCollection(node)) return isBlockScalar(node)
  const last = isMap(node) ? node.items.at(-1)?.value : node.items.at(-1)
  return endsInText(last as ParsedNode | null)
}

function startsBelow({ source: { body }, place: { node, behind } }: Donor): boolean {
  return body.slice(behind, node?.range[0]).includes('\n')
}

function split(text: string): Pick<ValueText, 'head' | 'below'> {
  const end = text.includes('\n') ? text.indexOf('\n') : text.length
  const head = text.slice(0, end).trimEnd()
  return { head: head === '' || head.startsWith(' ') ? head : ` ${head}`, below: text.slice(end) }
}

/** Returns the text behind the colon or the dash; undefined for lines of a flow collection, which have no column. */
function copiedText({ source: { body }, place, entry }: Donor): string | undefined {
  const { node, behind, end } = place
  const comment = isBlockCollection(node) || isBlockScalar(node) ? commentBehind(body, place) : undefined
  const text = withLineFeeds(
    comment ? body.slice(behind, comment.start) + body.slice(comment.end, end) : body.slice(behind, end),
  )
  if (!text.includes('\n')) return text
  return entry && indent(text, -entry.column, false)
}

/** Returns a scalar in one line in block style. */
export function scalarText(value: JsonValue, donors: Donors): string {
  const donor = donorWith(donors, value)
  const text = donor?.source.body.slice(donor.place.start, donor.place.end) ?? ''
  const isInline = text !== '' && !text.includes('\n') && !isAlias(donor?.place.node)
  return isInline ? text : inlineText(value, donors)
}

/** Returns a value that is valid in a flow collection too, in one line unless it is copied from one with more. */
export function inlineText(value: JsonValue, donors: Donors): string {
  const donor = donorWith(donors, value)
  return donor ? nodeInline(donor.place.node, donor.source) : printedInline(value)
}

/** Keeps the text of scalars. */
function nodeInline(node: ParsedNode | null, source: SourceDocument): string {
  const { body, document } = source
  if (isAlias(node)) return nodeInline(targetOf(node, document) as ParsedNode, source)
  if (node === null) return 'null'
  const [start, end] = node.range
  const text = body.slice(start, end)
  if (!node.tag && isScalar(node) && !isBlockScalar(node) && !text.includes('\n')) {
    if (node.type !== Scalar.PLAIN) return text
    if (!/[,[\]{}]|: | #|:$/.test(text)) return text === '' ? 'null' : text
  }
  // Lines of a flow collection may be indented in any way.
  if (!node.tag && isFlow(node) && !/[&*]/.test(text)) return text
  if (!node.tag && isSeq(node))
    return `[${node.items.map((item) => nodeInline(item as ParsedNode, source)).join(', ')}]`
  if (!node.tag && isMap(node) && !node.items.some(({ key }) => isMergeKey(key))) {
    const fields = (node.items as ParsedPair[]).map(
      ({ key, value }) => `${printedInline(keyText(key))}: ${nodeInline(value, source)}`,
    )
    return `{${fields.join(', ')}}`
  }
  return printedInline(jsonOf(node, document))
}
