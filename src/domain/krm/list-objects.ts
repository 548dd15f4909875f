/** Objects that are lists of objects, as `kubectl get` prints them: `List`, `ConfigMapList`, `RoleList`. */
import { fieldOf, isJsonArray, isJsonObject, type JsonObject, type JsonValue } from './json-value.ts'

/** Returns the items of a list; undefined for any other object. */
export function listItems(value: JsonValue | undefined): readonly JsonValue[] | undefined {
  const kind = fieldOf(value, 'kind')
  const items = fieldOf(value, 'items')
  return typeof kind === 'string' && kind.endsWith('List') && isJsonArray(items) ? items : undefined
}

/**
 * Returns an item of a list as an object of its own: one without a kind has that of the list, so an item of a
 * ConfigMapList is a ConfigMap. Undefined if it is no object.
 */
export function listedObject(list: JsonObject, item: JsonValue): JsonObject | undefined {
  if (!isJsonObject(item)) return undefined
  const kind = fieldOf(list, 'kind')
  if (fieldOf(item, 'kind') !== undefined || kind === 'List') return item
  const { apiVersion = null } = list
  return { apiVersion, kind: String(kind).slice(0, -'List'.length), ...item }
}
