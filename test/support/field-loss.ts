/** Finds the changes of one side that a merge lost: those that are neither in its result nor in a conflict. */
import { valueAt } from '../../src/domain/krm/edit-object.ts'
import { fieldChanges } from '../../src/domain/krm/field-changes.ts'
import { type FieldPath, formatFieldPath } from '../../src/domain/krm/field-path.ts'
import { formatIdentity, identityKey } from '../../src/domain/krm/identity.ts'
import {
  fieldOf,
  isJsonArray,
  isJsonObject,
  type JsonValue,
  sameJson,
} from '../../src/domain/krm/json-value.ts'
import { isKrmPath, type KrmDocument, readKrmFile } from '../../src/domain/krm/krm-file.ts'
import { keyedItems } from '../../src/domain/krm/list-items.ts'
import { type ListTypes, listTypesOf } from '../../src/domain/krm/list-types.ts'
import type { Conflict } from '../../src/domain/merge/conflict.ts'
import type { Resources } from '../../src/domain/resources.ts'

export type Placed = KrmDocument & { path: string }

/** Returns the objects of a package by identity, with a number if several have the same one. */
export function objectsOf(resources: Resources): Map<string, Placed> {
  const objects = new Map<string, Placed>()
  for (const [path, content] of [...resources].sort(([a], [b]) => (a < b ? -1 : 1))) {
    for (const document of (isKrmPath(path) && readKrmFile(content)?.documents) || []) {
      // Each subpackage has its own, and a clone renames its Kptfile, so they are identified by path.
      const isOwn = /(?:^|\/)(?:Kptfile|package-context\.yaml)$/.test(path)
      const id = isOwn ? path : identityKey(document.identity)
      let key = id
      for (let n = 2; objects.has(key); n++) key = `${id} ${n}`
      objects.set(key, { ...document, path })
    }
  }
  return objects
}

/** Returns the changes of `side` that were lost, except those of fields for which `except` holds. */
export function lostChanges(
  { original, side, merged }: { original: Resources; side: Resources; merged: Resources },
  conflicts: readonly Conflict[],
  except: (object: Placed, field: string) => boolean = () => false,
): string[] {
  const [before, now, after] = [objectsOf(original), objectsOf(side), objectsOf(merged)]
  const lost: string[] = []
  for (const key of new Set([...before.keys(), ...now.keys()])) {
    const [old, changed, result] = [before.get(key), now.get(key), after.get(key)]
    const object = (changed ?? old) as Placed
    const id = formatIdentity(object.identity)
    const own = conflicts.filter((conflict) => conflict.object === id)
    if (own.some(({ field }) => field === '')) continue
    if (!changed) {
      if (result && sameJson(result.value, old?.value)) lost.push(`${id}: is still there`)
      continue
    }
    if (!result) {
      if (!old || !sameJson(old.value, changed.value)) lost.push(`${id}: is not there`)
      continue
    }
    const listTypes = listTypesOf(object.identity)
    for (const { field, before, after } of fieldChanges(old?.value ?? {}, changed.value, listTypes)) {
      const path = formatFieldPath(field)
      if (except(object, path) || own.some((conflict) => isRelated(conflict.field, path))) continue
      const found = valueAt(result.value, field)
      const place = placeOf(field)
      const kept = after === undefined ? found === undefined : holds(found, after, listTypes, place, before)
      if (!kept) lost.push(`${id}: ${path} is ${JSON.stringify(found)}, not ${JSON.stringify(after)}`)
    }
  }
  return lost
}

/** Returns the place of a field for `ListTypes`. */
export function placeOf(field: FieldPath): string[] {
  return field.map((step) => (typeof step === 'string' ? step : '[]'))
}

/** Reports whether one path is the other, or above it. */
export function isRelated(a: string, b: string): boolean {
  const [short = '', long = ''] = a.length < b.length ? [a, b] : [b, a]
  return short === '' || (long.startsWith(short) && /^(?:$|[.[])/.test(long.slice(short.length)))
}

/** Reports whether a value includes another one; maps and keyed lists may have more. */
function holds(
  found: JsonValue | undefined,
  wanted: JsonValue,
  listTypes: ListTypes,
  place: readonly string[],
  before?: JsonValue,
): boolean {
  if (sameJson(found, wanted)) return true
  if (isJsonObject(found) && isJsonObject(wanted)) {
    return Object.entries(wanted).every(([key, value]) =>
      holds(fieldOf(found, key), value, listTypes, [...place, key]),
    )
  }
  if (!isJsonArray(found) || !isJsonArray(wanted)) return false
  const [there, own] = keyedItems([found, wanted], listTypes(place)) ?? []
  if (!there || !own) return false
  const byKey = new Map(there.map(({ key, value }) => [key, value]))
  // With a former value only the order was changed.
  if (before !== undefined) return own.every(({ key }) => byKey.has(key))
  return own.every(({ key, value }) => holds(byKey.get(key), value, listTypes, [...place, '[]']))
}
