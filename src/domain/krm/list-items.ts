/** The items of a list that Kubernetes treats as a map or a set, each with its key. */
import { type FieldStep, formatKeys, type ItemKeys, type KeyValue } from './field-path.ts'
import { functionKeys } from './function-keys.ts'
import { identityKey, numberedName, type ObjectIdentity } from './identity.ts'
import { fieldOf, isJsonArray, isJsonObject, type JsonValue } from './json-value.ts'
import { type ListedObject, listedObjects } from './list-objects.ts'
import type { ListType, ObjectList } from './list-types.ts'
import { newEffort, pairAlike } from './pair-objects.ts'

export type Item = {
  key: string
  step: FieldStep
  value: JsonValue
  index: number
  /** Of an object in a list of objects. */
  identity?: ObjectIdentity
}

type List = readonly JsonValue[]

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
  switch (type.type) {
    case 'set':
      return keyedBy(lists, setKeys)
    case 'map':
      return keyedBy(lists, (item) => mapKeys(item, type.keys, type.defaults))
    case 'functions':
      return keyedBy(lists, functionKeys(lists))
    case 'objects':
      return keyedObjects(lists, type)
  }
}

function keyedBy(
  lists: readonly List[],
  keysOf: (item: JsonValue) => ItemKeys | undefined,
): Item[][] | undefined {
  const keyed: Item[][] = []
  for (const list of lists) {
    const seen = new Set<string>()
    const items: Item[] = []
    for (const [index, value] of list.entries()) {
      const step = keysOf(value)
      if (!step) return undefined
      const key = formatKeys(step)
      if (seen.has(key)) return undefined
      seen.add(key)
      items.push({ key, step, value, index })
    }
    keyed.push(items)
  }
  return keyed
}

/** An item of a set is identified by its value, under the empty key. */
function setKeys(item: JsonValue): ItemKeys | undefined {
  return isJsonObject(item) || isJsonArray(item) || !isExact(item) ? undefined : { '': item }
}

function mapKeys(
  item: JsonValue,
  keys: readonly string[],
  defaults: Readonly<Record<string, KeyValue>> = {},
): ItemKeys | undefined {
  const step: [string, KeyValue][] = []
  for (const key of keys) {
    const value = fieldOf(item, key) ?? fieldOf(defaults, key)
    if (value === undefined || value === null || typeof value === 'object' || !isExact(value))
      return undefined
    step.push([key, value])
  }
  return Object.fromEntries(step)
}

/** Reports whether a value is one of JSON, which has no infinity. */
function isExact(value: KeyValue): boolean {
  return typeof value !== 'number' || Number.isFinite(value)
}

/** Several objects of the same identity are paired by likeness, and get numbers in their keys. */
function keyedObjects(lists: readonly List[], { of }: ObjectList): Item[][] | undefined {
  const apiVersion = of && of.group !== '' ? `${of.group}/v1` : 'v1'
  const keys = new Map<ListedObject, string>()
  const known = new Map<string, ListedObject[]>()
  const keyed: Item[][] = []
  const effort = newEffort()
  for (const items of lists) {
    const objects = listedObjects({ apiVersion, kind: `${of?.kind ?? ''}List`, items })
    if (!objects) return undefined
    for (const [id, same] of Map.groupBy(objects, ({ identity }) => identityKey(identity))) {
      const others = known.get(id) ?? []
      known.set(id, others)
      for (const [other, object] of pairAlike(others, same, effort)) keys.set(object, keys.get(other) ?? id)
      for (const object of same) {
        if (keys.has(object)) continue
        others.push(object)
        keys.set(object, numberedName(id, others.length))
      }
    }
    keyed.push(
      objects.map((object, index) => ({
        key: keys.get(object) ?? '',
        step: index,
        value: items[index] ?? null,
        index,
        identity: object.identity,
      })),
    )
  }
  return keyed
}
