/** JSON values of YAML nodes: the content of a field without its notation. */
import { type Document, isAlias, isMap, isScalar, isSeq } from 'yaml'
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
    if (isMergeKey(pair.key)) mergeInto(map, mergeMaps(jsonOf(pair.value, document)))
    else setOwn(map, keyText(targetOf(pair.key, document)), jsonOf(pair.value, document))
  }
  return map
}

/**
 * Merges the maps of a merge key, of which the first is the strongest. sigs.k8s.io/yaml gives the fields of a merge key
 * priority over those above it, and those below priority over them.
 */
export function mergeMaps(from: JsonValue): JsonObject {
  const merged: Record<string, JsonValue> = {}
  for (const map of isJsonArray(from) ? from.toReversed() : [from]) {
    if (isJsonObject(map)) mergeInto(merged, map)
  }
  return merged
}

function mergeInto(map: Record<string, JsonValue>, fields: JsonObject): void {
  for (const [key, value] of Object.entries(fields)) setOwn(map, key, value)
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

/** Much deeper than any schema of Kubernetes, and shallow enough for code that recurses into an object. */
export const MAX_DEPTH = 200

/** Reports whether maps and lists are nested too deeply. Not recursive, since a value may be deeper than the stack. */
export function isTooDeep(value: unknown): boolean {
  let level = [value]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_DEPTH) return true
    level = level.flatMap((each) =>
      typeof each === 'object' && each !== null
        ? Object.values(each).filter((inner) => typeof inner === 'object' && inner !== null)
        : [],
    )
  }
  return false
}

export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function isJsonArray(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value)
}

/** Returns about how many characters a value takes as JSON, which may be more than a text can have. */
export function jsonSize(value: JsonValue): number {
  if (typeof value === 'string') return value.length + 2
  if (isJsonArray(value)) return value.reduce<number>((sum, item) => sum + 1 + jsonSize(item), 2)
  if (!isJsonObject(value)) return String(value).length
  return Object.entries(value).reduce((sum, [key, field]) => sum + key.length + 4 + jsonSize(field), 2)
}

/** Returns the value of a field; undefined if it does not exist. */
export function fieldOf(value: JsonValue | undefined, key: string): JsonValue | undefined {
  return isJsonObject(value) && Object.hasOwn(value, key) ? value[key] : undefined
}

/** Returns a text that is the same for equal values, whatever the order of keys. */
export function canonicalText(value: JsonValue): string {
  if (isJsonArray(value)) return `[${value.map(canonicalText).join(',')}]`
  if (!isJsonObject(value)) return typeof value === 'string' ? JSON.stringify(value) : String(value)
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${fields.map(([key, field]) => `${JSON.stringify(key)}:${canonicalText(field)}`).join(',')}}`
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
