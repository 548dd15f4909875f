/** The differences between two versions of an object, field by field. */
import type { FieldPath, FieldStep } from './field-path.ts'
import { fieldOf, isJsonObject, type JsonObject, type JsonValue, sameJson } from './json-value.ts'
import { keyedItems } from './list-items.ts'
import type { ListType, ListTypes } from './list-types.ts'

/** An added field has no `before`, a removed one no `after`. */
export type FieldChange = { field: FieldPath; before?: JsonValue; after?: JsonValue }

/**
 * Returns the fields that differ, as deep in the object as possible; an added or removed map is one change. Lists are
 * compared item by item if `listTypes` knows their keys.
 */
export function fieldChanges(before: JsonObject, after: JsonObject, listTypes: ListTypes): FieldChange[] {
  const changes: FieldChange[] = []
  compare(before, after, [], [])
  return changes

  function compare(
    old: JsonValue | undefined,
    now: JsonValue | undefined,
    field: readonly FieldStep[],
    place: readonly string[],
  ): void {
    if (sameJson(old, now)) return
    if (isJsonObject(old) && isJsonObject(now)) {
      for (const key of new Set([...Object.keys(old), ...Object.keys(now)])) {
        compare(fieldOf(old, key), fieldOf(now, key), [...field, key], [...place, key])
      }
      return
    }
    const [oldItems, newItems] =
      old === undefined || now === undefined ? [] : (keyedItems([old, now], fieldsOf(listTypes(place))) ?? [])
    if (!oldItems || !newItems) {
      changes.push({
        field,
        ...(old === undefined ? {} : { before: old }),
        ...(now === undefined ? {} : { after: now }),
      })
      return
    }
    const nowBy = new Map(newItems.map((item) => [item.key, item]))
    const oldKeys = new Set(oldItems.map(({ key }) => key))
    const count = changes.length
    for (const { key, step, value } of oldItems) {
      compare(value, nowBy.get(key)?.value, [...field, step], [...place, '[]'])
    }
    for (const { key, step, value } of newItems) {
      if (!oldKeys.has(key)) compare(undefined, value, [...field, step], [...place, '[]'])
    }
    // The items are the same, in another order.
    if (changes.length === count) changes.push({ field, before: old as JsonValue, after: now as JsonValue })
  }
}

/** Leaves out lists of objects, which have no fields in common; `namedObjects` finds the objects to compare. */
function fieldsOf(type: ListType | undefined): ListType | undefined {
  return type?.type === 'objects' ? undefined : type
}
