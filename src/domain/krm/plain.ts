/** JSON values of YAML nodes: the content of a field without its notation. */
import { type Document, isAlias, isMap, isScalar, isSeq, type Scalar } from 'yaml'

export type PlainMap = { readonly [key: string]: Plain }
/** A value as in JSON. A missing field is `undefined`, which differs from `null`. */
export type Plain = null | boolean | number | string | readonly Plain[] | PlainMap

/** Returns the value of a node with aliases expanded, so `inspectDocument` must have passed the document. */
export function plainOf(node: unknown, document: Document.Parsed): Plain {
  if (isAlias(node)) return plainOf(node.resolve(document), document)
  if (isScalar(node)) return plainScalar(node)
  if (isSeq(node)) return node.items.map((item) => plainOf(item, document))
  if (!isMap(node)) return null
  const map: Record<string, Plain> = {}
  for (const { key, value } of node.items) setOwn(map, keyText(key), plainOf(value, document))
  return map
}

/** Returns the name of a field as Kubernetes reads it. */
export function keyText(key: unknown): string {
  if (!isScalar(key)) return String(key)
  return typeof key.value === 'string' ? key.value : (key.source ?? String(key.value))
}

/** Keeps the text of numbers that JSON would round. */
function plainScalar({ value, source }: Scalar): Plain {
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return value
  if (typeof value === 'number') {
    const exact = Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value))
    return exact ? value : (source ?? String(value))
  }
  return source ?? String(value)
}

/** Sets `__proto__` as a key like any other. */
function setOwn(map: Record<string, Plain>, key: string, value: Plain): void {
  Object.defineProperty(map, key, { value, enumerable: true, configurable: true, writable: true })
}

export function isPlainMap(value: Plain | undefined): value is PlainMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function isPlainList(value: Plain | undefined): value is readonly Plain[] {
  return Array.isArray(value)
}

/** Returns the value of a field; undefined if it does not exist. */
export function fieldOf(value: Plain | undefined, key: string): Plain | undefined {
  return isPlainMap(value) && Object.hasOwn(value, key) ? value[key] : undefined
}

/** Reports whether two values are equal, whatever the order of keys. */
export function samePlain(a: Plain | undefined, b: Plain | undefined): boolean {
  if (a === b) return true
  if (isPlainList(a)) {
    return isPlainList(b) && a.length === b.length && a.every((item, at) => samePlain(item, b[at]))
  }
  if (!isPlainMap(a) || !isPlainMap(b)) return false
  const keys = Object.keys(a)
  if (keys.length !== Object.keys(b).length) return false
  return keys.every((key) => Object.hasOwn(b, key) && samePlain(a[key], b[key]))
}
