/** A list that is given as YAML, whose items are written into a document with their own text. */
import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type ParsedNode,
  Scalar,
  visit,
  type YAMLSeq,
} from 'yaml'
import { inspectDocument } from '../validation/inspect-document.ts'
import {
  type FieldType,
  isPlain,
  quoted,
  scalarText,
  setScalar,
  tagBefore,
  UNREADABLE,
} from './scalar-text.ts'
import { contentEnd, indent, isBlockScalar, isFlow, lineEnd, lineStart, parseSource } from './source-text.ts'
import { applyEdits } from './text-edits.ts'
import { scalarFault } from './yaml-1.1.ts'

export type GivenList = {
  text: string
  items: ParsedNode[]
  /** The list in block style, if its lines can be used as they are. */
  block: YAMLSeq.Parsed | undefined
  /** The type of the items that are plain scalars. */
  type: FieldType
}

/** Reads a list; a string is the reason why it is none. */
export function readGivenList(given: string, type: FieldType): GivenList | string {
  // A block scalar at the end needs its line feed.
  const text = given.replaceAll('\r\n', '\n').replace(/\n?$/, '\n')
  if (given.trim() === '') return { text, items: [], block: undefined, type }
  const document = parseSource(text)
  const list = document.contents
  const rest = text.slice(document.range[2]).replaceAll(/^#.*$/gm, '')
  if (document.errors.length > 0 || !isSeq(list) || rest.trim() !== '')
    return 'it must be a YAML list like "[a, b]"'
  if (UNREADABLE.test(text.replaceAll('\n', ''))) return 'it has control characters'
  const fault = inspectDocument(document)[0]?.message ?? list.items.map(faultOf).find(Boolean)
  if (fault !== undefined) return fault
  // YAML 1.1 takes no tab behind a dash.
  const block = isFlow(list) || text.includes('\t') ? undefined : (list as YAMLSeq.Parsed)
  return { text, items: list.items, block, type }
}

/** Returns the reason why an item cannot be part of another document. */
function faultOf(item: ParsedNode): string | undefined {
  if (isTyped(item)) return undefined
  let fault: string | undefined
  visit(item, {
    Node: (_, node) => {
      if (isAlias(node) || node.anchor) fault ??= 'its items cannot have anchors or aliases'
      if (isScalar(node)) fault ??= scalarFault(node)
    },
  })
  return fault
}

/** Reports whether an item gets the type of the list; those with quotes or a tag have their own. */
function isTyped(item: Node): item is Scalar.Parsed {
  return isScalar(item) && item.type === Scalar.PLAIN && !item.tag && !item.anchor && item.source !== ''
}

/** Returns the items with the values that they have once they are written. */
export function writtenItems({ items, type }: GivenList): ParsedNode[] {
  for (const item of items) if (isTyped(item)) setScalar(item, { text: item.source, type })
  return items
}

/** Returns the text of the items in brackets. */
export function flowList(given: GivenList): string {
  return `[${given.items.map((item) => itemText(given, item, true)).join(', ')}]`
}

/** Returns the lines of the items with their dashes; all but the first are indented to a column. */
export function blockList(given: GivenList, column: number): string {
  const { text, items, block } = given
  if (!block) {
    const lines = items.map((item) => `- ${itemText(given, item, false)}`)
    return indent(lines.join('\n'), column, false)
  }
  const edits = items.filter(isTyped).map((item) => {
    const [start, end] = item.range
    return { start, end, text: itemText(given, item, false) }
  })
  const [start] = block.range
  const own = applyEdits(text, edits, start, lineEnd(text, contentEnd(text, block)))
  return indent(own, column - (start - lineStart(text, start)), false)
}

function itemText({ text, type }: GivenList, item: ParsedNode, inFlow: boolean): string {
  return isTyped(item)
    ? scalarText({ text: item.source, type, inFlow }, Scalar.PLAIN)
    : oneLine(text, item, inFlow)
}

/** Returns a node in one line: its own text, unless that has several lines or is in block style. */
function oneLine(text: string, node: ParsedNode | null, inFlow: boolean): string {
  if (isScalar(node)) return oneLineScalar(text, node, inFlow)
  const own = node ? text.slice(node.range[0], node.range[1]) : ''
  // YAML 1.1 takes no `?` in a plain scalar there.
  if (/^[[{][^?\n]*$/.test(own)) return own
  if (isSeq(node)) return `[${node.items.map((item) => oneLine(text, item, true)).join(', ')}]`
  if (!isMap(node)) return own
  const fields = node.items.map(
    ({ key, value }) => `${oneLine(text, key, true)}: ${oneLine(text, value, true)}`,
  )
  return `{${fields.join(', ')}}`
}

function oneLineScalar(text: string, scalar: Scalar.Parsed, inFlow: boolean): string {
  const tag = tagBefore(text, scalar).tag.trimEnd()
  const own = text.slice(scalar.range[0], scalar.range[1])
  const isOwn =
    scalar.type === Scalar.PLAIN ? !inFlow || own === '' || isPlain(own, true) : !isBlockScalar(scalar)
  if (own === '' && tag === '') return 'null'
  const line = isOwn && !own.includes('\n') ? own : quoted(String(scalar.value))
  return tag === '' ? line : `${tag} ${line}`
}
