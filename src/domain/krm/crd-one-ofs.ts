/** Fields of custom resources that exclude each other, from the CustomResourceDefinitions in a package. */
import { celOneOf } from './cel-one-ofs.ts'
import { type CrdSchemas, knownPlaces, schemasAt } from './crd-schemas.ts'
import { formatKind, type ObjectKind } from './identity.ts'
import { fieldOf, isJsonArray, type JsonValue } from './json-value.ts'
import { type Choice, choice, type OneOf, type OneOfs, union } from './one-ofs.ts'

/** Returns the one-ofs of a kind; undefined if the package does not define the kind. */
export function crdOneOfs(schemas: CrdSchemas, kind: ObjectKind): OneOfs | undefined {
  const versions = schemas.get(formatKind(kind)) ?? []
  if (versions.length === 0) return undefined
  return knownPlaces((place) => schemasAt(versions, place).flatMap(oneOfsIn))
}

function oneOfsIn(schema: JsonValue): OneOf[] {
  const properties = Object.keys(fieldOf(schema, 'properties') ?? {})
  const found = [
    ...alternatives(itemsOf(schema, 'oneOf').map(requiredOf)),
    ...alternatives(requiredOf(fieldOf(schema, 'not')).map((field) => [field])),
    ...(fieldOf(schema, 'maxProperties') === 1 && properties.length > 1 ? [choice(...properties)] : []),
    ...itemsOf(schema, 'x-kubernetes-unions').flatMap(unionOf),
    ...itemsOf(schema, 'x-kubernetes-validations').flatMap((validation) => {
      const rule = fieldOf(validation, 'rule')
      return typeof rule === 'string' ? (celOneOf(rule) ?? []) : []
    }),
  ]
  return found.map((oneOf) => withDefault(oneOf, schema))
}

/** Returns the fields that a branch requires; a branch may put them together from others. */
function requiredOf(branch: JsonValue | undefined): string[] {
  const own = itemsOf(branch, 'required').filter((field) => typeof field === 'string')
  return [...own, ...itemsOf(branch, 'allOf').flatMap(requiredOf)]
}

/** A field that several branches require says nothing about the choice between them. */
function alternatives(branches: readonly (readonly string[])[]): Choice[] {
  const counts = new Map<string, number>()
  for (const field of branches.flatMap((branch) => [...new Set(branch)]))
    counts.set(field, (counts.get(field) ?? 0) + 1)
  const own = branches
    .map((branch) => branch.filter((field) => counts.get(field) === 1))
    .filter((fields) => fields.length > 0)
  if (own.length < 2) return []
  return [{ type: 'choice', alternatives: own.map((fields) => fields.map((field) => ({ place: [field] }))) }]
}

/** Reads the notation of Kubernetes, and that of its proposal, which has a list of fields. */
function unionOf(schema: JsonValue): OneOf[] {
  const values = new Map(Object.entries(fieldOf(schema, 'fields-to-discriminateBy') ?? {}))
  for (const field of itemsOf(schema, 'fields')) {
    const name = fieldOf(field, 'fieldName')
    if (typeof name === 'string') values.set(name, fieldOf(field, 'discriminatorValue') ?? null)
  }
  if (values.size === 0) return []
  const fields = choice(...values.keys())
  const discriminator = fieldOf(schema, 'discriminator')
  if (typeof discriminator !== 'string' || [...values.values()].includes(null)) return [fields]
  const members = [...values].map(([field, value]) => [field, [String(value)]])
  return [fields, union(discriminator, Object.fromEntries(members))]
}

/** A missing discriminator has the default of the schema. */
function withDefault(oneOf: OneOf, schema: JsonValue): OneOf {
  if (oneOf.type === 'choice') return oneOf
  const byDefault = fieldOf(fieldOf(fieldOf(schema, 'properties'), oneOf.discriminator), 'default')
  return typeof byDefault === 'string' ? { ...oneOf, default: byDefault } : oneOf
}

/** More than any real schema has, each of which is looked up in each map that it is about. */
const MAX_ITEMS = 200

function itemsOf(schema: JsonValue | undefined, key: string): readonly JsonValue[] {
  const items = fieldOf(schema, key)
  return isJsonArray(items) ? items.slice(0, MAX_ITEMS) : []
}
