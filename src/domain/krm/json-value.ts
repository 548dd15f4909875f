/** JSON values of YAML nodes: the content of a field without its notation. */
import { type Document, isAlias, isMap, isScalar, isSeq, type Pair, type YAMLMap } from 'yaml'
import { targetOf } from './alias-targets.ts'
import { isMergeKey, keyName, scalarValue } from './yaml-1.1.ts'

export type JsonObject = { readonly [key: string]: JsonValue }
/**
 * A value as in JSON. A missing field is `undefined`, which differs from `null`. A number is a bigint only where a double
 * would round it.
 */
export type JsonValue = null | boolean | number | bigint | string | readonly JsonValue[] | JsonObject

/** Returns the value of a node with aliases expanded, so `inspectDocument` must have passed the document. */
export function jsonOf(node: unknown, document: Document.Parsed): JsonValue {
  if (isScalar(node)) return scalarValue(node)
  if (isAlias(node)) return jsonOf(targetOf(node, document), document)
  if (isSeq(node)) return node.items.map((item) => jsonOf(item, document))
  if (!isMap(node)) return null
  const map: Record<string, JsonValue> = {}
  for (const pair of node.items) {
    if (isMergeKey(pair.key)) mergeInto(map, mergedFields(pair, document))
    else setOwn(map, keyText(targetOf(pair.key, document)), jsonOf(pair.value, document))
  }
  return map
}

/**
 * Returns the fields that a merge key inserts. sigs.k8s.io/yaml gives them priority over the fields above, and those
 * below priority over them.
 */
export function mergedFields({ value }: Pair<unknown, unknown>, document: Document.Parsed): JsonObject {
  const from = jsonOf(value, document)
  const maps = isJsonArray(from) ? from.toReversed() : [from]
  const merged: Record<string, JsonValue> = {}
  for (const map of maps) if (isJsonObject(map)) mergeInto(merged, map)
  return merged
}

function mergeInto(map: Record<string, JsonValue>, fields: JsonObject): void {
  for (const [key, value] of Object.entries(fields)) setOwn(map, key, value)
}

/** Reports whether a map has a merge key. */
export function hasMergeKey(map: YAMLMap): boolean {
  return map.items.some(({ key }) => isMergeKey(key))
}

/** Returns the name of a field as Kubernetes reads it: that of `on` is "true", and that of `0644` is "420". */
export function keyText(key: unknown): string {
  return isScalar(key) ? keyName(key) : String(key)
}

/** Sets `__proto__` as a key like any other. */
function setOwn(map: Record<string, JsonValue>, key: string, value: JsonValue): void {
  if (key !== '__proto__') map[key] = value
  else Object.defineProperty(map, key, { value, enumerable: true, configurable: true, writable: true })
}

export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function isJsonArray(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value)
}

/** Returns the value of a field; undefined if it does not exist. */
export function fieldOf(value: JsonValue | undefined, key: string): JsonValue | undefined {
  return isJsonObject(value) && Object.hasOwn(value, key) ? value[key] : undefined
}

/** Reports whether two values are equal, whatever the order of keys. */
export function sameJson(a: JsonValue | undefined, b: JsonValue | undefined): boolean {
  if (a === b) return true
  if (isJsonArray(a)) {
    return isJsonArray(b) && a.length === b.length && a.every((item, at) => sameJson(item, b[at]))
  }
  if (!isJsonObject(a) || !isJsonObject(b)) return false
  const keys = Object.keys(a)
  if (keys.length !== Object.keys(b).length) return false
  return keys.every((key) => Object.hasOwn(b, key) && sameJson(a[key], b[key]))
}
