/** List types of custom resources, from the CustomResourceDefinitions in a package. */
import type { KeyValue } from './field-path.ts'
import { formatKind, type ObjectKind } from './identity.ts'
import { fieldOf, isJsonArray, isJsonObject, type JsonValue } from './json-value.ts'
import { type ListedObject, objectsIn } from './list-objects.ts'
import type { ListType, ListTypes } from './list-types.ts'

/** The most schemas that are read for one field, from the versions of its kind and their `allOf`. */
const MAX_SCHEMAS = 100

/** The schemas of a package's CustomResourceDefinitions, by group and kind. */
export type CrdSchemas = ReadonlyMap<string, readonly JsonValue[]>

export function crdSchemas(documents: Iterable<ListedObject>): CrdSchemas {
  const schemas = new Map<string, JsonValue[]>()
  for (const { identity, value } of Iterator.from(documents).flatMap((document) => objectsIn(document))) {
    if (identity.group !== 'apiextensions.k8s.io' || identity.kind !== 'CustomResourceDefinition') continue
    const spec = fieldOf(value, 'spec')
    const group = fieldOf(spec, 'group')
    const kind = fieldOf(fieldOf(spec, 'names'), 'kind')
    const versions = fieldOf(spec, 'versions')
    if (typeof group !== 'string' || typeof kind !== 'string' || !isJsonArray(versions)) continue
    const key = formatKind({ group, kind })
    const found = versions.flatMap((version) => fieldOf(fieldOf(version, 'schema'), 'openAPIV3Schema') ?? [])
    const known = schemas.get(key) ?? []
    known.push(...found.slice(0, MAX_SCHEMAS - known.length))
    schemas.set(key, known)
  }
  return schemas
}

/**
 * Returns the list types of a kind, which are its `x-kubernetes-list-type` and `x-kubernetes-list-map-keys`; undefined
 * if the package does not define the kind.
 */
export function crdListTypes(schemas: CrdSchemas, kind: ObjectKind): ListTypes | undefined {
  const versions = schemas.get(formatKind(kind)) ?? []
  if (versions.length === 0) return undefined
  return knownPlaces((place) => {
    for (const schema of schemasAt(versions, place)) {
      const type = listType(schema)
      if (type) return type
    }
    return undefined
  })
}

/** Looks up each place once, since lists have it for each of their items. */
export function knownPlaces<Found>(
  find: (place: readonly string[]) => Found,
): (place: readonly string[]) => Found {
  const known = new Map<string, Found>()
  return (place) => {
    const key = place.join('\n')
    if (!known.has(key)) known.set(key, find(place))
    return known.get(key) as Found
  }
}

/** Returns the schemas of a field in several versions of a kind, with those in `allOf`. */
export function schemasAt(versions: readonly JsonValue[], place: readonly string[]): readonly JsonValue[] {
  return place.reduce(
    (schemas, key) => firstOf(schemas.flatMap((schema) => step(schema, key) ?? [])),
    firstOf(versions),
  )
}

function firstOf(schemas: readonly JsonValue[]): readonly JsonValue[] {
  return withAllOf(schemas).take(MAX_SCHEMAS).toArray()
}

function* withAllOf(schemas: readonly JsonValue[]): Generator<JsonValue> {
  for (const schema of schemas) {
    yield schema
    const parts = fieldOf(schema, 'allOf')
    if (isJsonArray(parts)) yield* withAllOf(parts)
  }
}

function step(schema: JsonValue, key: string): JsonValue | undefined {
  if (key === '[]') return fieldOf(schema, 'items')
  return fieldOf(fieldOf(schema, 'properties'), key) ?? fieldOf(schema, 'additionalProperties')
}

function listType(schema: JsonValue | undefined): ListType | undefined {
  const type = fieldOf(schema, 'x-kubernetes-list-type')
  if (type === 'set') return { type }
  const keys = fieldOf(schema, 'x-kubernetes-list-map-keys')
  if (type !== 'map' || !isJsonArray(keys) || keys.length === 0) return undefined
  const properties = fieldOf(fieldOf(schema, 'items'), 'properties')
  const defaults: Record<string, KeyValue> = {}
  for (const key of keys.map(String)) {
    const value = fieldOf(fieldOf(properties, key), 'default')
    if (value !== undefined && !isJsonObject(value) && !isJsonArray(value)) defaults[key] = value
  }
  return { type, keys: keys.map(String), defaults }
}
