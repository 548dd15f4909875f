/** The text of a scalar whose value is set: of the type that the field had, in its style, and the same to all readers. */
import { isScalar, isSeq, Scalar } from 'yaml'
import { printedJson } from './generated-text.ts'
import { type Place, parseSource } from './source-text.ts'
import type { TextEdit } from './text-edits.ts'
import { isAmbiguous, plainValue, scalarValue } from './yaml-1.1.ts'

/** What a field holds; one that is null may hold any type. */
export type FieldType = 'string' | 'number' | 'boolean' | 'any'

export type NewScalar = { text: string; type: FieldType; inFlow: boolean }

/** The place of a scalar that is not empty. */
export type ScalarPlace = Place & { node: Scalar.Parsed }

export function isScalarPlace(place: Place): place is ScalarPlace {
  return isScalar(place.node) && place.node.range[0] < place.node.range[1]
}

export function fieldTypeOf(scalar: Scalar): FieldType {
  const value = scalarValue(scalar)
  if (value === null) return 'any'
  return typeof value === 'bigint' ? 'number' : (typeof value as 'string' | 'number' | 'boolean')
}

/** An anchor and comments, which may be before a tag. */
const TAG = /^((?:&\S+\s+|#[^\n]*\n\s*)*)!\S*\s+/

/** Returns the replacement of a scalar. As in kpt, its tag goes with it; its anchor stays. */
export function scalarEdit(body: string, { start, end, node }: ScalarPlace, wanted: NewScalar): TextEdit {
  const properties = body.slice(start, node.range[0]).replace(TAG, '$1')
  return {
    start,
    end: body[end - 1] === '\r' ? end - 1 : end,
    text: properties + scalarText(wanted, node.type),
  }
}

/** Gives a scalar the value that it has after `scalarEdit`. */
export function setScalar(scalar: Scalar, { text, type }: Pick<NewScalar, 'text' | 'type'>): void {
  scalar.type = isOfType(text, type) ? Scalar.PLAIN : Scalar.QUOTE_DOUBLE
  scalar.value = text
  scalar.source = text
  delete scalar.tag
}

/** Returns the text of a value: in quotes, unless a plain scalar stays one or the value is no string. */
export function scalarText({ text, type, inFlow }: NewScalar, style: Scalar.Type | undefined): string {
  if (isOfType(text, type)) return text
  if (style === Scalar.QUOTE_SINGLE && !UNREADABLE.test(text)) return `'${text.replaceAll("'", "''")}'`
  return style === Scalar.PLAIN && !isAmbiguous(text) && isPlain(text, inFlow) ? text : printedJson(text)
}

/** Reports whether a field takes a text as a value that is no string; JSON lacks `.inf`. */
function isOfType(text: string, type: FieldType): boolean {
  if (text === '' || type === 'string') return false
  const value = plainValue(text)
  if (value === null) return type === 'any'
  if (typeof value === 'boolean') return type !== 'number'
  return typeof value === 'bigint' || Number.isFinite(value)
}

/** Characters that YAML 1.1 takes for line breaks or refuses. */
export const UNREADABLE =
  /[^\t\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\u{10000}-\u{10ffff}]/u

/** Reports whether a text is one scalar without quotes. YAML 1.1 has no `?` in those of a flow collection. */
export function isPlain(text: string, inFlow: boolean): boolean {
  if (UNREADABLE.test(text) || text.includes('\t') || (inFlow && /\?|^:/.test(text))) return false
  const { errors, contents } = parseSource(inFlow ? `[${text}]` : text)
  const scalar = inFlow && isSeq(contents) && contents.items.length === 1 ? contents.items[0] : contents
  return errors.length === 0 && isScalar(scalar) && scalar.type === Scalar.PLAIN && scalar.source === text
}
