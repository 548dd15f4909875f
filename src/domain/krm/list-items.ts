/** The items of a list that is a map or a set in truth, each with what tells it apart. */
import type { FieldStep } from './field-path.ts'
import type { ListType } from './list-types.ts'
import { fieldOf, isPlainList, isPlainMap, type Plain } from './plain.ts'

export type Item = { key: string; step: FieldStep; value: Plain; index: number }

/**
 * The items of some versions of one list, told apart in the same way in each. Undefined where that is not possible,
 * since an item lacks its key or two have the same: then the list is atomic.
 */
export function keyedItems(
  versions: readonly (Plain | undefined)[],
  type: ListType | undefined,
): Item[][] | undefined {
  if (!type || !versions.every((version) => version === undefined || isPlainList(version))) return undefined
  const lists = versions.map((version) => (isPlainList(version) ? version : []))
  if (type.type === 'set') return keyedBy(lists, setStep)
  for (const keys of [type.keys, ...(type.or ?? [])]) {
    const found = keyedBy(lists, (item) => mapStep(item, keys, type.defaults))
    if (found) return found
  }
  return undefined
}

function keyedBy(
  lists: readonly (readonly Plain[])[],
  stepOf: (item: Plain) => FieldStep | undefined,
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

/** The step to the item of a set is its value, with no field before it. */
function setStep(item: Plain): FieldStep | undefined {
  return isPlainMap(item) || isPlainList(item) ? undefined : { '': String(item) }
}

function mapStep(
  item: Plain,
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
