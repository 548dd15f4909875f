/** What an edit does to each field of a map, whose fields may come from merge keys (`<<`). */
import { isAlias, isMap, isSeq, type YAMLMap } from 'yaml'
import type { EditContext } from './edit-context.ts'
import {
  fieldOf,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  jsonOf,
  keyText,
  mergeMaps,
  sameJson,
} from './json-value.ts'
import { isMergeKey } from './yaml-1.1.ts'

export type MapPlan = {
  /** The value that each field will have; undefined for those that go. */
  values: (JsonValue | undefined)[]
  /** The fields to insert: behind the one at `behind`, since merge keys have priority over those above. */
  added: string[]
  behind: number
}

/** Returns the keys of a map; undefined for a merge key. */
export function keysOf(map: YAMLMap): (string | undefined)[] {
  return map.items.map(({ key }) => (isMergeKey(key) ? undefined : keyText(key)))
}

/** Keeps merge keys if they insert nothing that is unwanted; otherwise their fields are added in full. */
export function planMap(map: YAMLMap, wanted: JsonObject, context: EditContext): MapPlan {
  const keys = keysOf(map)
  return (keys.includes(undefined) && planMerges(map, keys, wanted, context)) || planFields(keys, wanted)
}

function planFields(keys: readonly (string | undefined)[], wanted: JsonObject): MapPlan {
  const known = new Set(keys)
  const values = keys.map((key) => (key === undefined ? undefined : fieldOf(wanted, key)))
  return { values, added: Object.keys(wanted).filter((key) => !known.has(key)), behind: -1 }
}

function planMerges(
  map: YAMLMap,
  keys: readonly (string | undefined)[],
  wanted: JsonObject,
  context: EditContext,
): MapPlan | undefined {
  const values: (JsonValue | undefined)[] = []
  // From below, since a field replaces those above it.
  const below = new Map<string, JsonValue>()
  for (let at = keys.length - 1; at >= 0; at--) {
    const key = keys[at]
    const node = map.items[at]?.value
    if (key !== undefined) {
      const value = fieldOf(wanted, key)
      values[at] = below.has(key) && value !== undefined ? jsonOf(node, context.source.document) : value
      if (value !== undefined && !below.has(key)) below.set(key, value)
      continue
    }
    const value = mergedValue(node, wanted, below, context)
    if (value === undefined) return undefined
    values[at] = value
    for (const [name, field] of Object.entries(mergeMaps(value))) {
      if (!Object.hasOwn(wanted, name)) return undefined
      if (!below.has(name)) below.set(name, field)
    }
  }
  const added = Object.keys(wanted).filter((key) => !sameJson(below.get(key), wanted[key]))
  // A field above a merge key cannot be given another value than that of the merge key.
  const known = new Set(keys)
  if (added.some((key) => known.has(key))) return undefined
  return { values, added, behind: keys.lastIndexOf(undefined) }
}

/** Returns the value of a merge key after the edit; undefined if an anchor that it needs goes. */
function mergedValue(
  node: unknown,
  wanted: JsonObject,
  below: ReadonlyMap<string, JsonValue>,
  { source: { document }, anchored }: EditContext,
): JsonValue | undefined {
  if (isAlias(node)) return anchored?.valueOf(node)
  if (isSeq(node)) {
    const maps = node.items.map((item) => (isAlias(item) ? anchored?.valueOf(item) : jsonOf(item, document)))
    return maps.includes(undefined) ? undefined : (maps as JsonValue[])
  }
  const value = jsonOf(node, document)
  if (!isMap(node) || !isJsonObject(value)) return undefined
  const fields = Object.entries(value).flatMap(([key, old]): [string, JsonValue][] => {
    if (below.has(key)) return [[key, old]]
    const now = fieldOf(wanted, key)
    return now === undefined ? [] : [[key, now]]
  })
  return Object.fromEntries(fields)
}
