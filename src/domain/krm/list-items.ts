/** The items of a list that Kubernetes treats as a map or a set, each with its key. */
import type { FieldStep } from './field-path.ts'
import { fieldOf, isJsonArray, isJsonObject, type JsonValue } from './json-value.ts'
import type { ListType } from './list-types.ts'

export type Item = { key: string; step: FieldStep; value: JsonValue; index: number }

/**
 * Returns the items of several versions of a list, with the same key fields in each. Undefined if an item lacks a key
 * or two items share one: then the list is atomic.
 */
export function keyedItems(
  versions: readonly (JsonValue | undefined)[],
  type: ListType | undefined,
): Item[][] | undefined {
  if (!type || !versions.every((version) => version === undefined || isJsonArray(version))) return undefined
  const lists = versions.map((version) => (isJsonArray(version) ? version : []))
  if (type.type === 'set') return keyedBy(lists, setStep)
  for (const keys of [type.keys, ...(type.or ?? [])]) {
    const found = keyedBy(lists, (item) => mapStep(item, keys, type.defaults))
    if (found) return found
  }
  return undefined
}

function keyedBy(
  lists: readonly (readonly JsonValue[])[],
  stepOf: (item: JsonValue) => FieldStep | undefined,
): Item[][] | undefined {
  const keyed: Item[][] = []
  for (const list of lists) {
    const seen = new Set<string>()
    const items: Item[] = []
    for (const [index, value] of list.entries()) {
      const step = stepOf(value)
      const key = JSON.stringify(step)
      if (step === undefined || seen.has(key)) return undefined
      seen.add(key)
      items.push({ key, step, value, index })
    }
    keyed.push(items)
  }
  return keyed
}

/** An item of a set is identified by its value, under the empty key. */
function setStep(item: JsonValue): FieldStep | undefined {
  return isJsonObject(item) || isJsonArray(item) ? undefined : { '': String(item) }
}

function mapStep(
  item: JsonValue,
  keys: readonly string[],
  defaults: Readonly<Record<string, string>> = {},
): FieldStep | undefined {
  const step: [string, string][] = []
  for (const key of keys) {
    const value = fieldOf(item, key) ?? fieldOf(defaults, key)
    if (value === undefined || value === null || typeof value === 'object') return undefined
    step.push([key, String(value)])
  }
  return Object.fromEntries(step)
}
