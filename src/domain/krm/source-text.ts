/** Positions of the parts of a YAML document in its text. */
import {
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

/** A field of a map, or an item of a list, in block style. */
export type Entry = { start: number; end: number; column: number }

export function lineStart(text: string, at: number): number {
  return text.lastIndexOf('\n', at - 1) + 1
}

/** Returns the end of the line, before its line feed. */
export function lineEnd(text: string, at: number): number {
  const end = text.indexOf('\n', at)
  return end < 0 ? text.length : end
}

/** Reports whether only white space precedes a position on its line. */
export function startsLine(text: string, at: number): boolean {
  return text.slice(lineStart(text, at), at).trim() === ''
}

/** Reports whether a node is a flow collection: a map or a list in brackets. */
export function isFlow(node: unknown): boolean {
  return (isMap(node) || isSeq(node)) && node.flow === true
}

export function isBlockScalar(node: unknown): boolean {
  return isScalar(node) && (node.type === Scalar.BLOCK_LITERAL || node.type === Scalar.BLOCK_FOLDED)
}

/** Returns the end of the content of a node, before the comment and the line feed behind it. */
export function contentEnd(text: string, node: ParsedNode): number {
  if ((isMap(node) || isSeq(node)) && !isFlow(node)) {
    const last: unknown = node.items.at(-1)
    if (last === undefined) return node.range[1]
    return isMap(node) ? pairEnd(text, last as ParsedPair) : contentEnd(text, last as ParsedNode)
  }
  const end = node.range[1]
  return isBlockScalar(node) && text[end - 1] === '\n' ? end - 1 : end
}

export function pairEnd(text: string, { key, value }: ParsedPair): number {
  return value ? contentEnd(text, value) : key.range[1]
}

const knownEntries = new WeakMap<object, Entry[] | undefined>()

/** Returns the fields of a map in block style; undefined if a key is not first on its line: `? key`, `!!str key`. */
export function mapEntries(text: string, map: YAMLMap.Parsed): Entry[] | undefined {
  return onceFor(map, () => findMapEntries(text, map))
}

function onceFor(node: object, find: () => Entry[] | undefined): Entry[] | undefined {
  if (!knownEntries.has(node)) knownEntries.set(node, find())
  return knownEntries.get(node)
}

function findMapEntries(text: string, map: YAMLMap.Parsed): Entry[] | undefined {
  const entries = (map.items as ParsedPair[]).map((pair) => {
    const start = pair.key.range[0]
    return { start, end: pairEnd(text, pair), column: columnOf(text, start) }
  })
  const simple = entries.every(({ start }) => /^[\s-]*$/.test(text.slice(lineStart(text, start), start)))
  return simple && !isFlow(map) ? entries : undefined
}

/** Returns the items of a list in block style, including their dashes. */
export function seqEntries(text: string, seq: YAMLSeq.Parsed): Entry[] | undefined {
  return onceFor(seq, () => findSeqEntries(text, seq))
}

function findSeqEntries(text: string, seq: YAMLSeq.Parsed): Entry[] | undefined {
  const token = seq.srcToken
  if (token?.type !== 'block-seq') return undefined
  const dashes = token.items.flatMap(({ start }) => start.filter(({ type }) => type === 'seq-item-ind'))
  if (dashes.length !== seq.items.length) return undefined
  return (seq.items as ParsedNode[]).map((item, at) => {
    const start = dashes[at]?.offset ?? 0
    return { start, end: Math.max(contentEnd(text, item), start + 1), column: columnOf(text, start) }
  })
}

function columnOf(text: string, at: number): number {
  return at - lineStart(text, at)
}

/** Returns the start of the comment right above an entry, in the same column; without one, of the line of the entry. */
export function commentStart(text: string, { start, column }: Pick<Entry, 'start' | 'column'>): number {
  let from = lineStart(text, start)
  while (from > 0) {
    const above = lineStart(text, from - 1)
    const line = text.slice(above, from - 1)
    if (line.search(/\S/) !== column || line[column] !== '#') break
    from = above
  }
  return from
}

/** Shifts the lines of a text to the right, or to the left by a negative number; blank lines stay as they are. */
export function indent(text: string, by: number, firstLine = true): string {
  if (by === 0) return text
  return text
    .split('\n')
    .map((line, at) => {
      if ((at === 0 && !firstLine) || line.trim() === '') return line
      return by > 0 ? ' '.repeat(by) + line : line.slice(Math.min(-by, line.search(/\S/)))
    })
    .join('\n')
}
