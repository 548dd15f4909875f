/** Compares a manifest with the schema. */
import { z } from 'zod'
import { isJsonArray, isJsonObject, type JsonValue } from '../krm/json-value.ts'
import { error, type Fault, type FieldPath, warning } from './manifest-fault.ts'
import { packageManifestSchema } from './manifest-schema.ts'

/** Finds what the schema refuses. */
export function schemaFaults(value: JsonValue): Fault[] {
  const { error: refusal } = packageManifestSchema.safeParse(value)
  return (refusal?.issues ?? []).map(({ path, message }) => error(path as FieldPath, message))
}

/** Finds fields that the schema does not have. */
export function unknownFields(value: JsonValue): Generator<Fault> {
  return unknownBelow(packageManifestSchema, value, [])
}

function* unknownBelow(schema: unknown, value: JsonValue, path: FieldPath): Generator<Fault> {
  if (schema instanceof z.ZodOptional) yield* unknownBelow(schema.unwrap(), value, path)
  if (schema instanceof z.ZodArray && isJsonArray(value)) {
    for (const [at, item] of value.entries()) yield* unknownBelow(schema.element, item, [...path, at])
  }
  if (!isJsonObject(value)) return
  if (schema instanceof z.ZodRecord) {
    for (const [key, item] of Object.entries(value)) {
      // Zod skips it.
      if (key === '__proto__') yield error([...path, key], 'cannot be a name: choose another one')
      yield* unknownBelow(schema.valueType, item, [...path, key])
    }
  }
  if (schema instanceof z.ZodObject) {
    for (const [key, item] of Object.entries(value)) {
      if (Object.hasOwn(schema.shape, key)) yield* unknownBelow(schema.shape[key], item, [...path, key])
      else yield unknownField([...path, key], key, Object.keys(schema.shape))
    }
  }
}

/** Go takes a field for one that it knows if only upper and lower case differ, so clients would not ignore it. */
function unknownField(path: FieldPath, key: string, known: readonly string[]): Fault {
  const meant = known.find((name) => folded(name) === folded(key))
  const fault =
    meant === undefined
      ? warning(path, 'is unknown to clients, which ignore it: remove it, or correct its name')
      : error(path, `must be spelled ${meant}`)
  return { ...fault, part: 'key' }
}

/** The second step is for letters such as ſ, which Go takes for an s. */
function folded(name: string): string {
  return name.toLowerCase().toUpperCase()
}
