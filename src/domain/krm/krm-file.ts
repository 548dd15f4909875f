/** Files of KRM objects: the text of each document, and its parsed value. */
import { type Document, isMap, isPair, isScalar, isSeq } from 'yaml'
import { decodeUtf8 } from '../../core/utf8.ts'
import { linesOf } from '../text-lines.ts'
import { inspectDocument } from '../validation/inspect-document.ts'
import { hasOtherBreaks, inspectText } from '../validation/inspect-text.ts'
import { type ObjectIdentity, readIdentity } from './identity.ts'
import { type JsonObject, jsonOf, MAX_DEPTH } from './json-value.ts'
import { parseSource, type SourceDocument } from './source-text.ts'
import { scalarValue } from './yaml-1.1.ts'
import { isReadable, MAX_BYTES } from './yaml-limits.ts'

/** An object of a file; `body` is its text with its comments. */
export type KrmDocument = SourceDocument & {
  /** The text before the object: comments, empty documents, and the line `---`. */
  head: string
  value: JsonObject
  identity: ObjectIdentity
}

/** `head` and `body` of all documents, followed by `tail`, are the text of the file. */
export type KrmFile = { documents: KrmDocument[]; tail: string }

/** `readKrmFile`, or a cache in front of it. */
export type ReadKrmFile = typeof readKrmFile

const SEPARATOR = /^---(?=\s|$)/
const PLAIN_SEPARATOR = /^---(?:\s+#.*)?\s*$/

/**
 * Reads a file; undefined if it is too large, if readers of YAML refuse it, if it has line breaks that only some of them know, or if any
 * document is not a KRM object.
 */
export function readKrmFile(content: Uint8Array): KrmFile | undefined {
  if (content.byteLength > MAX_BYTES) return undefined
  const text = decodeUtf8(content)
  // Before the text is split into lines, which may be millions.
  const pieces = text === undefined || !isReadable(text) ? undefined : split(text)
  if (!pieces) return undefined
  const documents: KrmDocument[] = []
  let before = ''
  for (const { head, body } of pieces) {
    const read = readDocument(body)
    if (read === undefined) return undefined
    if (read === 'empty') before += head + body
    else {
      documents.push({ head: before + head, body, ...read })
      before = ''
    }
  }
  return documents.length === 0 ? undefined : { documents, tail: before }
}

/** Returns the bytes of a file, with new bodies for some of its documents. */
export function writeKrmFile(
  { documents, tail }: KrmFile,
  bodies: ReadonlyMap<KrmDocument, string>,
): Uint8Array {
  const texts = documents.map((document) => document.head + (bodies.get(document) ?? document.body))
  return Buffer.from(texts.join('') + tail)
}

/** Reports whether a file of that name may have KRM objects. */
export function isKrmPath(path: string): boolean {
  return /\.ya?ml$/i.test(path) || isKptfile(path)
}

/** Reports whether a path is the Kptfile of the package or of a subpackage. */
export function isKptfile(path: string): boolean {
  return path === 'Kptfile' || path.endsWith('/Kptfile')
}

/**
 * Splits a file at its separators, which no content can have at the start of a line. Undefined for a text that readers
 * refuse, or see other lines in, and for a stream with directives, or with content on the line of a separator.
 */
function split(text: string): { head: string; body: string }[] | undefined {
  const unmarked = text.replace(/^\uFEFF/, '')
  if (inspectText(unmarked).length > 0 || hasOtherBreaks(unmarked)) return undefined
  const pieces = [{ head: unmarked === text ? '' : '\uFEFF', body: '' }]
  for (const line of linesOf(unmarked)) {
    if (/^(?:%|\.\.\.(?=\s|$))/.test(line)) return undefined
    if (!SEPARATOR.test(line)) (pieces.at(-1) as { body: string }).body += line
    else if (PLAIN_SEPARATOR.test(line)) pieces.push({ head: line, body: '' })
    else return undefined
  }
  return pieces
}

function parse(body: string): Document.Parsed | undefined {
  try {
    return parseSource(body)
  } catch (error) {
    // The parser recurses, so deep nesting overflows the stack.
    if (error instanceof RangeError) return undefined
    throw error
  }
}

function isDeeperThan(depth: number, node: unknown): boolean {
  if (isPair(node)) return isDeeperThan(depth, node.key) || isDeeperThan(depth, node.value)
  if (!isMap(node) && !isSeq(node)) return false
  return depth === 0 || node.items.some((item: unknown) => isDeeperThan(depth - 1, item))
}

type Read = Pick<KrmDocument, 'document' | 'root' | 'value' | 'identity'>

function readDocument(body: string): Read | 'empty' | undefined {
  const document = parse(body)
  if (!document || document.errors.length > 0 || isDeeperThan(MAX_DEPTH, document.contents)) return undefined
  const root = document.contents
  if (root === null || (isScalar(root) && scalarValue(root) === null)) return 'empty'
  if (!isMap(root) || inspectDocument(document).length > 0) return undefined
  const value = jsonOf(root, document) as JsonObject
  const identity = readIdentity(value, root)
  return identity && { document, root, value, identity }
}
