/** Reads one YAML file as far as validation needs it: does it parse, and which KRM objects are in it. */
import { type Document, isMap, isScalar, LineCounter, parseAllDocuments } from 'yaml'
import { inspectDocument } from './inspect-node.ts'

export type KrmObject = {
  apiVersion: string | undefined
  kind: string | undefined
  namespace: string | undefined
  name: string | undefined
  line: number
}

/** Something wrong at a place in a file; line and column count from 1. */
export type Finding = { line: number; column?: number; message: string }

export type YamlFile = { errors: Finding[]; objects: KrmObject[]; warnings: Finding[] }

/** Errors and warnings of a file are reported so often; who has more of them has one cause. */
const MAX_FINDINGS = 20

/**
 * Larger files are not read: parsing takes a second for each of their first MiB, and a hundred times their size in
 * memory. What Kubernetes takes in one object is a tenth of it.
 */
const MAX_BYTES = 16 * 1024 * 1024

const TOO_DEEP: Finding = { line: 1, message: 'it is nested too deeply' }

export function readYamlFile(content: Uint8Array): YamlFile {
  const file: YamlFile = { errors: [], objects: [], warnings: [] }
  if (content.byteLength > MAX_BYTES) {
    const message = `it has more than ${MAX_BYTES} bytes, the most a YAML file may have; .krmignore can leave it out`
    file.errors.push({ line: 1, message })
    return file
  }
  const text = decode(content)
  if (text === undefined) {
    file.errors.push({ line: 1, message: 'the file is not UTF-8' })
    return file
  }
  try {
    const lines = new LineCounter()
    // uniqueKeys costs the square of the number of keys; inspectDocument looks for duplicates instead.
    const options = {
      lineCounter: lines,
      prettyErrors: false,
      uniqueKeys: false,
      logLevel: 'silent',
    } as const
    for (const document of parseAllDocuments(text, options)) readDocument(document, lines, file)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    file.errors = [TOO_DEEP]
  }
  return file
}

/** Nothing between two separators, or only comments. */
function isEmpty({ contents }: Document.Parsed): boolean {
  return contents === null || (isScalar(contents) && contents.value === null)
}

function decode(content: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(content)
  } catch {
    return undefined
  }
}

function readDocument(document: Document.Parsed, lines: LineCounter, file: YamlFile): void {
  // The library reports an overflow of the stack as if it were an error of the document.
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
      file.warnings.push({ line, message: 'it is not a KRM object: not a mapping' })
    }
    return
  }
  const text = (...keys: string[]): string | undefined => {
    const value = document.getIn(keys)
    return typeof value === 'string' && value !== '' ? value : undefined
  }
  file.objects.push({
    apiVersion: text('apiVersion'),
    kind: text('kind'),
    namespace: text('metadata', 'namespace'),
    name: text('metadata', 'name') ?? text('metadata', 'generateName'),
    line,
  })
}
