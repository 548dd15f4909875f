/** Objects that are lists of objects, as `kubectl get` prints them: `List`, `ConfigMapList`, `RoleList`. */
import type { FieldPath } from './field-path.ts'
import { type ObjectIdentity, type ObjectKind, objectNames, readIdentity } from './identity.ts'
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

/** An object of a file, or of a list in it. */
export type FoundObject = {
  identity: ObjectIdentity
  value: JsonObject
  /** Where it is in its document; empty for the document itself. */
  at: FieldPath
}

export type ListedObject = Pick<FoundObject, 'identity' | 'value'>

/** Returns the objects of a list; undefined for any other object, and for a list with an item that is no object. */
export function listedObjects(list: JsonObject): ListedObject[] | undefined {
  const found: ListedObject[] = []
  for (const item of listItems(list) ?? []) {
    const value = listedObject(list, item)
    const identity = value && readIdentity(value)
    if (!identity) return undefined
    found.push({ identity, value })
  }
  return listItems(list) && found
}

/** Yields an object and, if it is a list, those in it. */
export function* objectsIn({ identity, value }: ListedObject, at: FieldPath = []): Generator<FoundObject> {
  yield { identity, value, at }
  for (const [index, object] of (listedObjects(value) ?? []).entries()) {
    yield* objectsIn(object, [...at, 'items', index])
  }
}

/** An object with a name that no other in its file has. */
export type NamedObject<Document = unknown> = FoundObject & { name: string; document: Document }

/** Returns the objects of a file's documents. */
export function namedObjects<Document extends ListedObject>(
  documents: Iterable<Document>,
): NamedObject<Document>[] {
  const found = Array.from(documents, (document) =>
    [...objectsIn(document)].map((object) => ({ ...object, document })),
  ).flat()
  const names = objectNames(found.map(({ identity }) => identity))
  return found.map((object, at) => ({ ...object, name: names[at] ?? '' }))
}

/** Returns the kinds of the objects in a list, and of those in its lists. */
export function listedKinds(object: ListedObject): ObjectKind[] {
  return [...objectsIn(object)].slice(1).map(({ identity }) => identity)
}
