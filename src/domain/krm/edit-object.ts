import { AppError } from '../../core/errors.ts'
import { imageReference } from '../image-reference.ts'
import { type FieldPath, type FieldStep, formatFieldPath } from './field-path.ts'
import { fieldOf, isJsonArray, isJsonObject, type JsonObject, type JsonValue } from './json-value.ts'
import type { KrmDocument } from './krm-file.ts'
import { listTypesOf } from './list-types.ts'
import { rewrite } from './rewrite.ts'

export const NOT_EDITABLE =
  'the text of the object cannot be edited without losing parts of it: write its fields in block style, without explicit keys'

/** A field and its new value; undefined removes the field. */
export type FieldEdit = { field: FieldPath; value: JsonValue | undefined }

/**
 * Returns the text of an object with fields set or removed, and everything else unchanged. Missing maps on the way to a
 * field are created; an item of a list must exist unless the path ends with it. Throws `invalid`.
 */
export function editObject(document: KrmDocument, edits: readonly FieldEdit[]): string {
  const { value, identity } = document
  const target = edits.reduce<JsonValue | undefined>(
    (now, edit) => withField(now, edit.field, edit.value),
    value,
  )
  const body = rewrite(document, target as JsonObject, listTypesOf(identity))
  if (body === undefined) throw new AppError('invalid', NOT_EDITABLE)
  return body
}

/** Returns the value with one field set or removed. Throws `invalid` for a path through an item that does not exist. */
export function withField(
  value: JsonValue | undefined,
  field: FieldPath,
  wanted: JsonValue | undefined,
): JsonValue | undefined {
  const [step, ...rest] = field
  if (step === undefined) return wanted
  if (typeof step === 'string') return withKey(value, step, rest, wanted)
  const list = isJsonArray(value) ? value : []
  const at = indexOfItem(list, step)
  if (at < 0 && (rest.length > 0 || typeof step === 'number')) {
    if (wanted === undefined) return value
    throw new AppError('invalid', `the list has no item ${formatFieldPath([step])}`)
  }
  const item = withField(list[at], rest, wanted)
  const items = at < 0 ? [...list, item] : list.with(at, item as JsonValue)
  return items.filter((each) => each !== undefined)
}

function withKey(
  value: JsonValue | undefined,
  key: string,
  rest: FieldPath,
  wanted: JsonValue | undefined,
): JsonValue | undefined {
  const map = isJsonObject(value) ? value : {}
  const field = withField(fieldOf(map, key), rest, wanted)
  if (field === undefined && !isJsonObject(value)) return value
  const entries = Object.entries(map).filter(([name]) => field !== undefined || name !== key)
  if (field === undefined) return Object.fromEntries(entries)
  if (!Object.hasOwn(map, key)) return Object.fromEntries([...entries, [key, field]])
  return Object.fromEntries(entries.map(([name, old]) => [name, name === key ? field : old]))
}

/** Returns the value of a field; undefined if it does not exist. */
export function valueAt(value: JsonValue | undefined, field: FieldPath): JsonValue | undefined {
  return field.reduce<JsonValue | undefined>((now, step) => {
    if (typeof step === 'string') return fieldOf(now, step)
    return isJsonArray(now) ? itemAt(now, step) : undefined
  }, value)
}

/** The items of lists by the texts of their keys, for each set of keys. */
const knownItems = new WeakMap<readonly JsonValue[], Map<string, Map<string, number>>>()

function itemAt(list: readonly JsonValue[], step: Exclude<FieldStep, string>): JsonValue | undefined {
  return list[indexOfItem(list, step)]
}

/** Returns -1 if there is no such item. */
function indexOfItem(list: readonly JsonValue[], step: Exclude<FieldStep, string>): number {
  if (typeof step === 'number') return step < list.length ? step : -1
  const keys = Object.keys(step)
  const known = knownItems.get(list) ?? new Map<string, Map<string, number>>()
  knownItems.set(list, known)
  const name = JSON.stringify(keys)
  const items = known.get(name) ?? itemsByKeys(list, keys)
  known.set(name, items)
  return items.get(textOfKeys(keys.map((key) => step[key] ?? null))) ?? -1
}

/** The first item with these keys is the one that is meant. */
function itemsByKeys(list: readonly JsonValue[], keys: readonly string[]): Map<string, number> {
  const items = new Map<string, number>()
  for (const [at, item] of list.entries()) {
    for (const values of choicesOf(keys.map((key) => valuesOf(item, key)))) {
      const text = textOfKeys(values)
      if (!items.has(text)) items.set(text, at)
    }
  }
  return items
}

/** Returns the values by which the key of an item may be given. */
function valuesOf(item: JsonValue, key: string): JsonValue[] {
  const value = (key === '' ? item : fieldOf(item, key)) ?? null
  // A port without `protocol` has its default.
  if (value === null) return key === 'protocol' ? [null, 'TCP'] : [null]
  if (typeof value === 'object') return []
  // The image of a function is given without tag and digest.
  if (key === 'image' && typeof value === 'string') return [value, imageReference(value).repository]
  return [value]
}

function choicesOf(values: readonly JsonValue[][]): JsonValue[][] {
  return values.reduce<JsonValue[][]>(
    (choices, own) => choices.flatMap((choice) => own.map((value) => [...choice, value])),
    [[]],
  )
}

function textOfKeys(values: readonly JsonValue[]): string {
  return JSON.stringify(values.map((value) => `${typeof value} ${value}`))
}
