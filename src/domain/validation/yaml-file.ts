/** Reads a YAML file for validation and search: its errors, objects, images and descriptions. */
import { Composer, type Document, isAlias, isMap, isScalar, isSeq, Lexer, LineCounter, Parser } from 'yaml'
import { decodeUtf8 } from '../../core/utf8.ts'
import { PARSE_OPTIONS } from '../krm/source-text.ts'
import { scalarValue } from '../krm/yaml-1.1.ts'
import { findImages } from './find-images.ts'
import { inspectDocument } from './inspect-document.ts'

export type KrmObject = {
  apiVersion: string | undefined
  kind: string | undefined
  namespace: string | undefined
  name: string | undefined
  line: number
}

/** A problem at a position in a file; line and column count from 1. */
export type Finding = { line: number; column?: number; message: string }

export type YamlFile = {
  errors: Finding[]
  objects: KrmObject[]
  warnings: Finding[]
  /** The images of containers. */
  images: string[]
  /** Descriptions and keywords of Kptfiles. */
  about: string[]
}

/** The limit for the errors of a file, and for its warnings; more of them mostly have one cause. */
const MAX_FINDINGS = 20

/**
 * Larger files are not read. That bounds the parser, which takes up to 4 µs and 300 bytes a token. The
 * CustomResourceDefinitions of large operators have 60,000 tokens, and Kubernetes accepts 1.5 MiB in one object.
 */
const MAX_BYTES = 16 * 1024 * 1024
const MAX_TOKENS = 1_000_000

/** A file that cannot be read to its end. */
class UnreadableError extends Error {}

export function readYamlFile(content: Uint8Array): YamlFile {
  const file: YamlFile = { errors: [], objects: [], warnings: [], images: [], about: [] }
  try {
    const lines = new LineCounter()
    for (const document of documentsOf(decode(content), lines)) readDocument(document, lines, file)
  } catch (error) {
    file.errors = [{ line: 1, message: reasonOf(error) }]
  }
  return file
}

/** Yields one document after the other, so that only one is in memory. Throws `UnreadableError`. */
function* documentsOf(text: string, lines: LineCounter): Generator<Document.Parsed> {
  const parser = new Parser(lines.addNewLine)
  const composer = new Composer({ ...PARSE_OPTIONS, lineCounter: lines })
  lines.addNewLine(0)
  let tokens = 0
  for (const token of new Lexer().lex(text)) {
    if (++tokens > MAX_TOKENS) throw tooLarge(`${MAX_TOKENS} tokens`)
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

/** Reports whether a document has nothing but comments. */
function isEmpty({ contents }: Document.Parsed): boolean {
  return contents === null || (isScalar(contents) && scalarValue(contents) === null)
}

function decode(content: Uint8Array): string {
  if (content.byteLength > MAX_BYTES) throw tooLarge(`${MAX_BYTES} bytes`)
  const text = decodeUtf8(content)
  if (text === undefined) throw new UnreadableError('the file is not UTF-8')
  return text.replace(/^\uFEFF/, '')
}

function readDocument(document: Document.Parsed, lines: LineCounter, file: YamlFile): void {
  // The library reports a stack overflow as an error of the document.
  if (document.errors.some(({ message }) => message.includes('call stack'))) throw new RangeError()
  const faults = document.errors.map(({ message, pos }) => ({ message, offset: pos[0] }))
  if (faults.length === 0) faults.push(...inspectDocument(document))
  for (const { message, offset } of faults.slice(0, Math.max(0, MAX_FINDINGS - file.errors.length))) {
    const { line, col } = lines.linePos(offset)
    file.errors.push({ line, column: col, message })
  }
  if (faults.length > 0 || isEmpty(document)) return

  const { line } = lines.linePos(document.contents?.range[0] ?? 0)
  if (!isMap(document.contents)) {
    if (file.warnings.length < MAX_FINDINGS) {
      file.warnings.push({ line, message: 'the document is not a KRM object, since it is not a mapping' })
    }
    return
  }
  const child = (parent: unknown, key: string): unknown => {
    const node = isMap(parent) ? parent.get(key, true) : undefined
    return isAlias(node) ? node.resolve(document) : node
  }
  const text = (parent: unknown, key: string): string | undefined => {
    const node = child(parent, key)
    const value = isScalar(node) ? scalarValue(node) : undefined
    return typeof value === 'string' && value !== '' ? value : undefined
  }
  const metadata = child(document.contents, 'metadata')
  file.objects.push({
    apiVersion: text(document.contents, 'apiVersion'),
    kind: text(document.contents, 'kind'),
    namespace: text(metadata, 'namespace'),
    name: text(metadata, 'name') ?? text(metadata, 'generateName'),
    line,
  })
  for (const image of findImages(document)) file.images.push(image)
  if (text(document.contents, 'kind') !== 'Kptfile') return
  const info = child(document.contents, 'info')
  const keywords = child(info, 'keywords')
  const words = isSeq(keywords) ? keywords.items.map((item) => isScalar(item) && scalarValue(item)) : []
  for (const about of [text(info, 'description'), ...words]) {
    if (typeof about === 'string') file.about.push(about)
  }
}
