/** A list that is given as YAML, whose items are written into a document with their own text. */
import { isAlias, isScalar, isSeq, Scalar, visit, type YAMLMap, type YAMLSeq } from 'yaml'
import { inspectDocument } from '../validation/inspect-document.ts'
import { printedJson } from './generated-text.ts'
import {
  type FieldType,
  isPlain,
  isScalarPlace,
  type ScalarPlace,
  scalarText,
  setScalar,
  UNREADABLE,
} from './scalar-text.ts'
import {
  fieldPlace,
  indent,
  isBlockScalar,
  isFlow,
  itemPlaces,
  lineEnd,
  lineStart,
  type ParsedPair,
  type Place,
  parseSource,
} from './source-text.ts'
import { applyEdits, type TextEdit } from './text-edits.ts'
import { scalarFault } from './yaml-1.1.ts'

export type GivenList = {
  text: string
  list: YAMLSeq.Parsed
  /** The new text of the items that are plain scalars. */
  edits: ReadonlyMap<unknown, TextEdit>
}

/** Reads a list for a field whose items have a type; a string is the reason why it is none. */
export function readGivenList(given: string, type: FieldType, inFlow: boolean): GivenList | string {
  // A block scalar at the end needs its line feed.
  const text = given.trim() === '' ? '[]\n' : given.replaceAll('\r\n', '\n').replace(/\n?$/, '\n')
  const document = parseSource(text)
  const list = document.contents
  const rest = text.slice(document.range[2]).replaceAll(/^#.*$/gm, '')
  if (document.errors.length > 0 || !isSeq(list) || rest.trim() !== '')
    return 'it must be a YAML list like "[a, b]"'
  if (UNREADABLE.test(text.replaceAll('\n', ''))) return 'it has control characters'
  const edits = new Map<unknown, TextEdit>()
  for (const place of itemPlaces(text, list as YAMLSeq.Parsed)) {
    if (!isTyped(place)) continue
    const { start, end, node } = place
    const wanted = { text: String(node.source), type, inFlow }
    edits.set(node, { start, end, text: scalarText(wanted, Scalar.PLAIN) })
    setScalar(node, wanted)
  }
  const fault = inspectDocument(document)[0]?.message ?? faultOf(list)
  return fault ?? { text, list: list as YAMLSeq.Parsed, edits }
}

/** Reports whether an item gets the type of the list; those with quotes or a tag have their own. */
function isTyped(place: Place): place is ScalarPlace {
  return isScalarPlace(place) && place.node.type === Scalar.PLAIN && place.start === place.node.range[0]
}

/** Returns the reason why the items cannot be part of another document. */
function faultOf(list: YAMLSeq): string | undefined {
  let fault: string | undefined
  visit(list, {
    Node: (_, node) => {
      if (isAlias(node) || node.anchor) fault ??= 'its items cannot have anchors or aliases'
      if (isScalar(node)) fault ??= scalarFault(node)
    },
  })
  return fault
}

/** Returns the text of the items in brackets. */
export function flowList(given: GivenList): string {
  return `[${inLines(given).join(', ')}]`
}

/** Returns the lines of the items for a list in a column; the first one lacks its indentation. */
export function blockList(given: GivenList, column: number): string {
  const { text, list, edits } = given
  // YAML 1.1 takes no tab behind a dash.
  if (isFlow(list) || text.includes('\t')) {
    const lines = inLines(given).map((item) => `- ${item}`)
    return indent(lines.join('\n'), column, false)
  }
  const [start] = list.range
  const end = lineEnd(text, itemPlaces(text, list).at(-1)?.end ?? start)
  const own = applyEdits(text, [...edits.values()], start, end)
  return indent(own, column - (start - lineStart(text, start)), false)
}

function inLines({ text, list, edits }: GivenList): string[] {
  return itemPlaces(text, list).map((place) => edits.get(place.node)?.text ?? inOneLine(text, place))
}

/** Returns a value in one line for a flow collection: its own text, unless that means something else there. */
function inOneLine(text: string, place: Pick<Place, 'node' | 'start' | 'end'>): string {
  const { node, start, end } = place
  if (!node) return 'null'
  if (isScalar(node)) return scalarInOneLine(text, start, node)
  const own = text.slice(start, end)
  // YAML 1.1 takes no `?` in a plain scalar there.
  if (/^[[{][^?\n]*$/.test(own)) return own
  if (isSeq(node)) {
    const items = itemPlaces(text, node as YAMLSeq.Parsed)
    return `[${items.map((item) => inOneLine(text, item)).join(', ')}]`
  }
  const fields = ((node as YAMLMap.Parsed).items as ParsedPair[]).map((pair) => {
    const [start, end] = pair.key.range
    return `${inOneLine(text, { node: pair.key, start, end })}: ${inOneLine(text, fieldPlace(text, pair))}`
  })
  return `{${fields.join(', ')}}`
}

function scalarInOneLine(text: string, start: number, node: Scalar.Parsed): string {
  const [from, to] = node.range
  const tag = text.slice(start, Math.max(start, from))
  const own = text.slice(from, to)
  if (own === '') return tag || 'null'
  const isPlainOrQuoted = node.type === Scalar.PLAIN ? isPlain(own, true) : !isBlockScalar(node)
  return (
    tag.replaceAll(/\s+/g, ' ') +
    (isPlainOrQuoted && !own.includes('\n') ? own : printedJson(String(node.value)))
  )
}
