/** Positions of the parts of a YAML document in its text. */
import {
  type CST,
  type Document,
  isMap,
  isScalar,
  isSeq,
  type Pair,
  type ParsedNode,
  parseDocument,
  Scalar,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml'

/** The document of one object, with its text. */
export type SourceDocument = { body: string; document: Document.Parsed; root: YAMLMap.Parsed }

/**
 * Options of the yaml library. All scalars are text to it, whatever their tags, since `yaml-1.1.ts` has their values;
 * and `inspectDocument` finds duplicate keys, for which the library takes quadratic time.
 */
export const PARSE_OPTIONS = {
  schema: 'failsafe',
  resolveKnownTags: false,
  uniqueKeys: false,
  logLevel: 'silent',
} as const

export function parseSource(body: string): Document.Parsed {
  return parseDocument(body, { ...PARSE_OPTIONS, keepSourceTokens: true })
}

export type ParsedPair = Pair<ParsedNode, ParsedNode | null>

/** A range of a text. */
export type Range = { start: number; end: number }

/**
 * A value of a field, or an item of a list. It starts with its tag and anchor, and ends before the line feed behind it,
 * and before the comment there unless it is a block. An empty one is right behind the colon or the dash.
 */
export type Place = Range & {
  node: ParsedNode | null
  /** The end of the colon or the dash; of the key, or the start of the item, where there is none: `{a}`, `[a]`. */
  behind: number
  /** The end of its tag and anchor; `behind` without them. */
  properties: number
}

/** A field of a map, or an item of a list, in block style. It starts with its key, `?` or dash. */
export type Entry = Range & { column: number; place: Place }

export function lineStart(text: string, at: number): number {
  return text.lastIndexOf('\n', at - 1) + 1
}

/** Returns the end of the line, before its line feed. */
export function lineEnd(text: string, at: number): number {
  const end = text.indexOf('\n', at)
  return end < 0 ? text.length : end
}

/** Returns the column of the first character on a line, before which there may be dashes. */
export function indentationOf(text: string, at: number): number {
  return text.slice(lineStart(text, at), lineEnd(text, at)).search(/[^ -]/)
}

/** Reports whether only white space precedes a position on its line, which may be long and have many parts. */
export function startsLine(text: string, at: number): boolean {
  let start = at
  while (start > 0 && /[^\S\n]/.test(text.charAt(start - 1))) start--
  return start === 0 || text[start - 1] === '\n'
}

/** Reports whether a node is a flow collection: a map or a list in brackets. */
export function isFlow(node: unknown): boolean {
  return (isMap(node) || isSeq(node)) && node.flow === true
}

export function isBlockCollection(node: unknown): node is YAMLMap.Parsed | YAMLSeq.Parsed {
  return (isMap(node) || isSeq(node)) && node.flow !== true
}

export function isBlockScalar(node: unknown): boolean {
  return isScalar(node) && (node.type === Scalar.BLOCK_LITERAL || node.type === Scalar.BLOCK_FOLDED)
}

/** Returns the end of a node, without the line feed behind it; of a block with the comments of its last entry. */
function endOf(text: string, node: ParsedNode): number {
  const last = isBlockCollection(node) ? entriesOf(text, node).at(-1) : undefined
  const end = last ? tailEnd(text, last) : node.range[1]
  if (last) return text[end - 1] === '\r' ? end - 1 : end
  return isBlockScalar(node) && text[end - 1] === '\n' ? end - 1 : end
}

const knownEntries = new WeakMap<object, Entry[]>()

/** Returns the entries of a collection in block style. */
export function entriesOf(text: string, node: YAMLMap.Parsed | YAMLSeq.Parsed): Entry[] {
  const known = knownEntries.get(node)
  if (known) return known
  const entries = isMap(node) ? mapEntries(text, node) : seqEntries(text, node)
  knownEntries.set(node, entries)
  return entries
}

function mapEntries(text: string, map: YAMLMap.Parsed): Entry[] {
  return (map.items as ParsedPair[]).map((pair) => {
    const start = pairStart(pair)
    const place = fieldPlace(text, pair)
    return { start, end: place.end, column: start - lineStart(text, start), place }
  })
}

/** Returns the start of a field: of its key with tag and anchor, or of the `?` before it. */
export function pairStart({ key, srcToken }: ParsedPair): number {
  return propertiesIn(srcToken?.start)[0]?.offset ?? key.range[0]
}

function seqEntries(text: string, seq: YAMLSeq.Parsed): Entry[] {
  return itemPlaces(text, seq).map((place) => {
    const start = place.behind - 1
    return { start, end: place.end, column: start - lineStart(text, start), place }
  })
}

/** Returns the place of the value of a field, in block or flow style. */
export function fieldPlace(text: string, { key, value, srcToken }: ParsedPair): Place {
  const separators = srcToken && 'sep' in srcToken ? srcToken.sep : undefined
  const colon = separators?.find(({ type }) => type === 'map-value-ind')
  const behind = colon ? colon.offset + 1 : key.range[1]
  return placeOf(text, value, separators, behind)
}

const knownPlaces = new WeakMap<object, Place[]>()

/** Returns the places of the items of a list, in block or flow style. */
export function itemPlaces(text: string, list: YAMLSeq.Parsed): Place[] {
  const known = knownPlaces.get(list) ?? placesIn(text, list)
  knownPlaces.set(list, known)
  return known
}

function placesIn(text: string, { srcToken, items }: YAMLSeq.Parsed): Place[] {
  const tokens = srcToken && 'items' in srcToken ? (srcToken.items as CST.CollectionItem[]) : []
  // The tokens may end with those of a comment without an item.
  return (items as ParsedNode[]).map((item, at) => {
    const start = tokens[at]?.start
    const mark = start?.find(({ type }) => type === 'seq-item-ind')
    return placeOf(text, item, start, mark ? mark.offset + 1 : item.range[0])
  })
}

function placeOf(
  text: string,
  node: ParsedNode | null,
  tokens: readonly CST.SourceToken[] | undefined,
  behind: number,
): Place {
  const found = propertiesIn(tokens).filter(({ type }) => type !== 'explicit-key-ind')
  const [first, last] = [found[0], found.at(-1)]
  const properties = last ? last.offset + last.source.length : behind
  const isEmpty = !node || node.range[0] === node.range[1]
  return {
    node,
    behind,
    properties,
    start: first?.offset ?? (isEmpty ? behind : node.range[0]),
    end: isEmpty ? properties : endOf(text, node),
  }
}

/** Returns the tag and the anchor among the tokens before a node, and the `?` before a key. */
function propertiesIn(tokens: readonly CST.SourceToken[] = []): CST.SourceToken[] {
  return tokens.filter(({ type }) => type === 'anchor' || type === 'tag' || type === 'explicit-key-ind')
}

const COMMENT = /[ \t]*#.*/y

/**
 * Returns the comment behind a value, with the space before it: on the line of the key or the dash if a block follows
 * there, else where the value ends.
 */
export function commentBehind(text: string, { node, end, properties }: Place): Range | undefined {
  let from = end
  if (isBlockCollection(node)) from = properties
  if (isBlockScalar(node)) {
    const start = (node as ParsedNode).range[0]
    from = start + (/^[|>][-+0-9]*/.exec(text.slice(start, start + 4))?.[0].length ?? 0)
  }
  // Not on a slice of the line, which may be long and have many values.
  COMMENT.lastIndex = from
  const comment = COMMENT.exec(text)?.[0].trimEnd()
  return comment === undefined ? undefined : { start: from, end: from + comment.length }
}

const knownComments = new WeakMap<SourceDocument, ReadonlyMap<string, number>>()

/** Returns the lines of the comments in a document, and how often it has each. */
export function commentsOf(source: SourceDocument): ReadonlyMap<string, number> {
  const known = knownComments.get(source) ?? commentLines(source.body)
  knownComments.set(source, known)
  return known
}

/** Returns the lines of the comments in a text, and how often it has each. */
export function commentLines(text: string): Map<string, number> {
  const counts = new Map<string, number>()
  for (const line of text.split('\n')) {
    // Of several signs in a line, the first may be in quotes.
    const found = new Set([line.search(/(?<!\S)#/), line.lastIndexOf(' #') + 1])
    for (const start of found) {
      if (line[start] !== '#') continue
      const comment = line.slice(start).trim()
      counts.set(comment, (counts.get(comment) ?? 0) + 1)
    }
  }
  return counts
}

const knownStarts = new WeakMap<Entry, number>()

/** Returns the start of the comment right above an entry, in the same column; without one, of the line of the entry. */
export function commentStart(text: string, entry: Entry): number {
  const known = knownStarts.get(entry) ?? commentAbove(text, entry)
  knownStarts.set(entry, known)
  return known
}

function commentAbove(text: string, { start, column }: Entry): number {
  let from = lineStart(text, start)
  while (from > 0) {
    const above = lineStart(text, from - 1)
    const line = text.slice(above, from - 1)
    if (line.search(/\S/) !== column || line[column] !== '#') break
    from = above
  }
  return from
}

/** Returns the end of an entry with the comments below that are indented deeper, before its line feed. */
export function tailEnd(text: string, { end, column }: Pick<Entry, 'end' | 'column'>): number {
  let tail = lineEnd(text, end)
  for (let at = tail + 1; at < text.length; at = lineEnd(text, at) + 1) {
    const line = text.slice(at, lineEnd(text, at))
    if (line.trim() === '') continue
    const indentation = line.search(/\S/)
    if (line[indentation] !== '#' || indentation <= column) break
    tail = at + line.length
  }
  return tail
}

/** Shifts the lines of a text to the right, or to the left by a negative number; empty lines stay as they are. */
export function indent(text: string, by: number, firstLine = true): string {
  if (by === 0) return text
  return text
    .split('\n')
    .map((line, at) => {
      if ((at === 0 && !firstLine) || line === '') return line
      if (by > 0) return ' '.repeat(by) + line
      const spaces = line.search(/[^ ]/)
      return line.slice(Math.min(-by, spaces < 0 ? line.length : spaces))
    })
    .join('\n')
}
