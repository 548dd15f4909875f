/** Three-way merge of values: a change by one side is taken, different changes by both are a conflict. */
import type { FieldPath } from '../krm/field-path.ts'
import { fieldOf, isJsonObject, type JsonObject, type JsonValue, sameJson } from '../krm/json-value.ts'
import { type Item, keyedItems } from '../krm/list-items.ts'
import type { ListTypes } from '../krm/list-types.ts'
import { type FieldConflict, type Side, threeValues } from './conflict.ts'

/** Missing values are undefined. */
export type Versions = {
  original: JsonValue | undefined
  local: JsonValue | undefined
  upstream: JsonValue | undefined
}

export type MergedValue = { value: JsonValue | undefined; conflicts: FieldConflict[] }

/** Merges the versions; a conflict gets the value of the side `prefer`. */
export function mergeValues(versions: Versions, listTypes: ListTypes, prefer: Side): MergedValue {
  const conflicts: FieldConflict[] = []
  return { value: merge(versions, [], []), conflicts }

  function merge(versions: Versions, field: FieldPath, place: readonly string[]): JsonValue | undefined {
    const { original, local, upstream } = versions
    if (sameJson(local, upstream) || sameJson(original, upstream)) return local
    if (sameJson(original, local)) return upstream
    if (isJsonObject(local) && isJsonObject(upstream)) {
      const shared = isJsonObject(original) ? original : undefined
      return mergeMaps({ original: shared, local, upstream }, field, place)
    }
    if (local !== undefined && upstream !== undefined) {
      const base = Array.isArray(original) ? original : undefined
      const items = keyedItems([base, local, upstream], listTypes(place))
      if (items) return mergeLists(items, field, place)
    }
    conflicts.push({ field, ...threeValues(original, local, upstream), chosen: prefer })
    return prefer === 'local' ? local : upstream
  }

  function mergeMaps(
    {
      original,
      local,
      upstream,
    }: { original: JsonObject | undefined; local: JsonObject; upstream: JsonObject },
    field: FieldPath,
    place: readonly string[],
  ): JsonObject {
    const entries: [string, JsonValue][] = []
    for (const key of new Set([...Object.keys(local), ...Object.keys(upstream)])) {
      const versions = {
        original: fieldOf(original, key),
        local: fieldOf(local, key),
        upstream: fieldOf(upstream, key),
      }
      const value = merge(versions, [...field, key], [...place, key])
      if (value !== undefined) entries.push([key, value])
    }
    return Object.fromEntries(entries)
  }

  function mergeLists(versions: Item[][], field: FieldPath, place: readonly string[]): JsonValue[] {
    const [original, local, upstream] = versions.map(
      (items) => new Map(items.map((item) => [item.key, item])),
    )
    const merged = new Map<string, JsonValue>()
    for (const key of new Set([...(local?.keys() ?? []), ...(upstream?.keys() ?? [])])) {
      const item = local?.get(key) ?? upstream?.get(key)
      const values = {
        original: original?.get(key)?.value,
        local: local?.get(key)?.value,
        upstream: upstream?.get(key)?.value,
      }
      const value = merge(values, [...field, ...(item ? [item.step] : [])], [...place, '[]'])
      if (value !== undefined) merged.set(key, value)
    }
    const [originalKeys = [], localKeys = [], upstreamKeys = []] = versions.map((items) =>
      items.map(({ key }) => key),
    )
    if (inDifferentOrders(originalKeys, localKeys, upstreamKeys) && listTypes(place)?.type === 'map') {
      const [before = [], ours = [], theirs = []] = versions.map((items) => items.map(({ value }) => value))
      conflicts.push({ field, ...threeValues(before, ours, theirs), chosen: prefer })
    }
    return mergeOrder(originalKeys, localKeys, upstreamKeys, prefer).flatMap((key) => merged.get(key) ?? [])
  }
}

/**
 * Merges the order of items: that of the side that changed it, or of the preferred one if both did. An item that only
 * the other side has follows the same item as there.
 */
export function mergeOrder(
  original: readonly string[],
  local: readonly string[],
  upstream: readonly string[],
  prefer: Side = 'local',
): string[] {
  const isLocal = moved(original, local) && (prefer === 'local' || !moved(original, upstream))
  const [base, other] = isLocal ? [local, upstream] : [upstream, local]
  const known = new Set(base)
  const first: string[] = []
  const behind = new Map<string, string[]>()
  let here = first
  for (const key of other) {
    if (known.has(key)) {
      here = []
      behind.set(key, here)
    } else here.push(key)
  }
  return [...first, ...base.flatMap((key) => [key, ...(behind.get(key) ?? [])])]
}

/** Reports whether each side put the common items into an order of its own. */
function inDifferentOrders(
  original: readonly string[],
  local: readonly string[],
  upstream: readonly string[],
): boolean {
  return moved(original, local) && moved(original, upstream) && moved(local, upstream)
}

/** Reports whether the items that two lists share are in different orders. */
function moved(before: readonly string[], after: readonly string[]): boolean {
  const [inBefore, inAfter] = [new Set(before), new Set(after)]
  const now = after.filter((key) => inBefore.has(key))
  return before.filter((key) => inAfter.has(key)).some((key, at) => key !== now[at])
}
