/** Reads the documents of a YAML file as kubectl, Flux, Argo CD and Helm do, and finds what they refuse. */
import { Composer, type Document, isScalar, Lexer, LineCounter, Parser } from 'yaml'
import { decodeUtf8 } from '../../core/utf8.ts'
import { type JsonValue, jsonOf } from '../krm/json-value.ts'
import { PARSE_OPTIONS } from '../krm/source-text.ts'
import { scalarValue } from '../krm/yaml-1.1.ts'
import { MAX_BYTES, MAX_TOKENS } from '../krm/yaml-limits.ts'
import { type Fault, inspectDocument } from './inspect-document.ts'
import { inspectText, withKnownBreaks } from './inspect-text.ts'
import { isText, TokenInspector } from './inspect-tokens.ts'

/** A problem at a position in a file; line and column count from 1. */
export type Finding = { line: number; column?: number; message: string }

export type YamlDocument = {
  value: JsonValue
  document: Document.Parsed
  /** Its index among all documents of the file, empty ones too. */
  index: number
  /** Returns the line and column of a position in the file; both count from 1. */
  positionOf: (offset: number) => { line: number; column: number }
}

/** The limit for the errors of a file, and for its warnings; more of them mostly have one cause. */
export const MAX_FINDINGS = 20

/** A file that cannot be read to its end. */
class UnreadableError extends Error {}

/**
 * Yields the documents that readers accept, except for empty ones, one after the other, so that only one is in memory.
 * Adds what they refuse to `errors`. `onToken` is called for each token.
 */
export function* yamlDocuments(
  content: Uint8Array,
  errors: Finding[],
  onToken: () => void = () => undefined,
): Generator<YamlDocument> {
  const lines = new LineCounter()
  const positionOf = (offset: number) => {
    const { line, col } = lines.linePos(offset)
    return { line, column: col }
  }
  const report = ({ message, offset }: Fault) => {
    if (errors.length < MAX_FINDINGS) errors.push({ ...positionOf(offset), message })
  }
  try {
    const text = decode(content)
    const faults: Fault[] = []
    let index = -1
    for (const document of parse(text, lines, faults, onToken)) {
      index++
      const found = faultsOf(document)
      found.forEach(report)
      if (found.length > 0 || isEmpty(document)) continue
      const value = jsonOf(document.contents, document)
      yield { value, document, index, positionOf }
    }
    // The library's own reasons are better, if it has one.
    if (errors.length === 0) faults.forEach(report)
    inspectText(text).forEach(report)
  } catch (error) {
    errors.splice(0, errors.length, { line: 1, message: reasonOf(error) })
  }
}

function decode(content: Uint8Array): string {
  if (content.byteLength > MAX_BYTES) throw tooLarge(`${MAX_BYTES} bytes`)
  const text = decodeUtf8(content)
  if (text === undefined) throw new UnreadableError('the file is not UTF-8')
  return text.replace(/^\uFEFF/, '')
}

/** Throws `UnreadableError`. */
function* parse(
  text: string,
  lines: LineCounter,
  faults: Fault[],
  onToken: () => void,
): Generator<Document.Parsed> {
  const parser = new Parser(lines.addNewLine)
  const composer = new Composer({ ...PARSE_OPTIONS, lineCounter: lines })
  const inspector = new TokenInspector()
  lines.addNewLine(0)
  let tokens = 0
  let offset = 0
  // kubectl ends the last line.
  for (const token of new Lexer().lex(withKnownBreaks(text.endsWith('\n') ? text : `${text}\n`))) {
    onToken()
    if (++tokens > MAX_TOKENS) throw tooLarge(`${MAX_TOKENS} tokens`)
    const message = inspector.next(token)
    if (message !== undefined) faults.push({ offset, message })
    if (isText(token)) offset += token.length
    for (const syntax of parser.next(token)) yield* composer.next(syntax)
  }
  for (const syntax of parser.end()) yield* composer.next(syntax)
  yield* composer.end()
}

function tooLarge(limit: string): UnreadableError {
  return new UnreadableError(
    `the file has more than ${limit}, the most a YAML file may have: split it, or exclude it with .krmignore`,
  )
}

function reasonOf(error: unknown): string {
  if (error instanceof UnreadableError) return error.message
  if (error instanceof RangeError) return 'the file is nested too deeply'
  throw error
}

function faultsOf(document: Document.Parsed): Fault[] {
  // The library reports a stack overflow as an error of the document.
  if (document.errors.some(({ message }) => message.includes('call stack'))) throw new RangeError()
  const faults = document.errors.map(({ message, pos }) => ({ message, offset: pos[0] }))
  return faults.length > 0 ? faults : inspectDocument(document)
}

/** Reports whether a document has nothing but comments. */
function isEmpty({ contents }: Document.Parsed): boolean {
  return contents === null || (isScalar(contents) && scalarValue(contents) === null)
}
