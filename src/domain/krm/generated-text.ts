/** YAML for values that have no text yet. No reader of YAML 1.1 or 1.2 takes a string in it for another type. */
import { Document, Scalar, type ToStringOptions, visit } from 'yaml'
import { stringifyExact } from '../../core/exact-json.ts'
import type { JsonValue } from './json-value.ts'
import { isAmbiguous } from './yaml-1.1.ts'

/** DEL, C1, the line breaks of YAML 1.1, and what is no character. Only double quotes can hold them, as escapes. */
const UNPRINTABLE = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g

/** Folds no line, and breaks no quoted string. */
const ONE_LINE = { lineWidth: 0, doubleQuotedMinMultiLineLength: Number.MAX_SAFE_INTEGER }

/** Generates YAML without a line feed at the end. */
export function printed(value: unknown, options: ToStringOptions = {}): string {
  const document = new Document(value)
  visit(document, {
    Scalar: (_, scalar) => {
      if (typeof scalar.value === 'string' && needsQuotes(scalar.value)) scalar.type = Scalar.QUOTE_DOUBLE
    },
  })
  return escaped(document.toString({ ...ONE_LINE, ...options })).replace(/\n$/, '')
}

/** PyYAML takes no tabs in plain strings. */
const TABBED = /^[^\n]*\t[^\n]*$/

function needsQuotes(text: string): boolean {
  return isAmbiguous(text) || text.search(UNPRINTABLE) >= 0 || TABBED.test(text)
}

function escaped(text: string): string {
  return text.replace(UNPRINTABLE, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** Returns a value in one line that is valid in block style and in a flow collection. */
export function printedInline(value: JsonValue): string {
  const line = printed([value], { collectionStyle: 'flow', flowCollectionPadding: false })
  return line.includes('\n') ? printedJson(value) : line.slice(1, -1)
}

export function printedJson(value: JsonValue): string {
  return escaped(stringifyExact(value))
}

export function writeObject(value: JsonValue): string {
  return `${printed(value)}\n`
}
