/** Three-way merge of values: a change by one side is taken, different changes by both are a conflict. */
import type { FieldPath } from '../krm/field-path.ts'
import type { ObjectIdentity } from '../krm/identity.ts'
import { fieldOf, isJsonObject, type JsonObject, type JsonValue, sameJson } from '../krm/json-value.ts'
import type { KindRules } from '../krm/kind-rules.ts'
import { type Item, keyedItems } from '../krm/list-items.ts'
import { type FieldConflict, type Side, threeValues, type Versions } from './conflict.ts'
import { inDifferentOrders, mergeOrder } from './merge-order.ts'
import { choseDifferently } from './one-of-conflicts.ts'

export type MergedValue = { value: JsonValue | undefined; conflicts: FieldConflict[] }

/** Where a value is in its object. */
type Spot = { field: FieldPath; place: readonly string[]; rules: KindRules }

/** Merges the versions; a conflict gets the value of the side `prefer`. */
export function mergeValues(versions: Versions, rules: KindRules, prefer: Side): MergedValue {
  const conflicts: FieldConflict[] = []
  return { value: merge(versions, { field: [], place: [], rules }), conflicts }

  function merge(versions: Versions, spot: Spot): JsonValue | undefined {
    const { original, local, upstream } = versions
    if (sameJson(local, upstream) || sameJson(original, upstream)) return local
    if (sameJson(original, local)) return upstream
    if (isJsonObject(local) && isJsonObject(upstream)) {
      const shared = isJsonObject(original) ? original : undefined
      return mergeOneOfs({ original: shared, local, upstream }, spot)
    }
    if (local !== undefined && upstream !== undefined) {
      const base = Array.isArray(original) ? original : undefined
      const items = keyedItems([base, local, upstream], spot.rules.listType(spot.place))
      if (items) return mergeLists(items, spot)
    }
    return conflict(versions, spot)
  }

  function conflict({ original, local, upstream }: Versions, { field }: Spot): JsonValue | undefined {
    conflicts.push({ field, ...threeValues(original, local, upstream), chosen: prefer })
    return prefer === 'local' ? local : upstream
  }

  /** A conflict about fields that exclude each other is one about the whole map, since no mix of them is valid. */
  function mergeOneOfs(versions: Versions<JsonObject>, spot: Spot): JsonValue | undefined {
    const count = conflicts.length
    const merged = mergeMaps(versions, spot)
    const { field, place, rules } = spot
    const map = { ...versions, merged, field, conflicts: conflicts.slice(count) }
    if (!rules.oneOfs(place).some((oneOf) => choseDifferently(map, oneOf))) return merged
    conflicts.length = count
    return conflict(versions, spot)
  }

  function mergeMaps({ original, local, upstream }: Versions<JsonObject>, spot: Spot): JsonObject {
    const { field, place, rules } = spot
    const entries: [string, JsonValue][] = []
    for (const key of new Set([...Object.keys(local ?? {}), ...Object.keys(upstream ?? {})])) {
      const versions = {
        original: fieldOf(original, key),
        local: fieldOf(local, key),
        upstream: fieldOf(upstream, key),
      }
      const value = merge(versions, { field: [...field, key], place: [...place, key], rules })
      if (value !== undefined) entries.push([key, value])
    }
    return Object.fromEntries(entries)
  }

  function mergeLists(versions: Item[][], spot: Spot): JsonValue[] {
    const { field, place, rules } = spot
    const [original, local, upstream] = versions.map(
      (items) => new Map(items.map((item) => [item.key, item])),
    )
    const merged = new Map<string, JsonValue>()
    for (const key of new Set([...(local?.keys() ?? []), ...(upstream?.keys() ?? [])])) {
      const item = (local?.get(key) ?? upstream?.get(key)) as Item
      const values = {
        original: original?.get(key)?.value,
        local: local?.get(key)?.value,
        upstream: upstream?.get(key)?.value,
      }
      const value = item.identity
        ? mergeListed(values, item.identity, rules)
        : merge(values, { field: [...field, item.step], place: [...place, '[]'], rules })
      if (value !== undefined) merged.set(key, value)
    }
    const [originalKeys = [], localKeys = [], upstreamKeys = []] = versions.map((items) =>
      items.map(({ key }) => key),
    )
    const hasOrder = ['map', 'functions'].includes(rules.listType(place)?.type ?? '')
    if (hasOrder && inDifferentOrders(originalKeys, localKeys, upstreamKeys)) {
      const [before = [], ours = [], theirs = []] = versions.map((items) => items.map(({ value }) => value))
      conflicts.push({ field, ...threeValues(before, ours, theirs), chosen: prefer })
    }
    return mergeOrder(originalKeys, localKeys, upstreamKeys, prefer).flatMap((key) => merged.get(key) ?? [])
  }

  /** Merges an object in a list of objects; its conflicts name it, and fields in it. */
  function mergeListed(
    versions: Versions,
    identity: ObjectIdentity,
    rules: KindRules,
  ): JsonValue | undefined {
    const count = conflicts.length
    const merged = merge(versions, { field: [], place: [], rules: rules.ofListed(identity) })
    for (const conflict of conflicts.slice(count)) conflict.inside ??= { identity, merged }
    return merged
  }
}
