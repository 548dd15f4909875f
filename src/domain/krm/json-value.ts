/** JSON values of YAML nodes: the content of a field without its notation. */
import { type Document, isAlias, isMap, isScalar, isSeq, type Scalar } from 'yaml'

export type JsonObject = { readonly [key: string]: JsonValue }
/** A value as in JSON. A missing field is `undefined`, which differs from `null`. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject

/** Returns the value of a node with aliases expanded, so `inspectDocument` must have passed the document. */
export function jsonOf(node: unknown, document: Document.Parsed): JsonValue {
  if (isAlias(node)) return jsonOf(node.resolve(document), document)
  if (isScalar(node)) return jsonOfScalar(node)
  if (isSeq(node)) return node.items.map((item) => jsonOf(item, document))
  if (!isMap(node)) return null
  const map: Record<string, JsonValue> = {}
  for (const { key, value } of node.items) setOwn(map, keyText(key), jsonOf(value, document))
  return map
}

/** Returns the name of a field as Kubernetes reads it. */
export function keyText(key: unknown): string {
  if (!isScalar(key)) return String(key)
  return typeof key.value === 'string' ? key.value : (key.source ?? String(key.value))
}

/** Keeps the text of numbers that JSON would round. */
function jsonOfScalar({ value, source }: Scalar): JsonValue {
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return value
  if (typeof value === 'number') {
    const exact = Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value))
    return exact ? value : (source ?? String(value))
  }
  return source ?? String(value)
}

/** Sets `__proto__` as a key like any other. */
function setOwn(map: Record<string, JsonValue>, key: string, value: JsonValue): void {
  Object.defineProperty(map, key, { value, enumerable: true, configurable: true, writable: true })
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
