import { type JsonValue, sameJson } from './json-value.ts'
import { keyedItems } from './list-items.ts'
import type { ListType } from './list-types.ts'

/** The index of an item of the target list in the current list, and in the donor's list. */
export type Aligned = { from: number | undefined; donor: number | undefined }

/**
 * Finds the items of the target list in the current one and in the donor's: by key if they have keys, else by value.
 */
export function alignItems(
  current: readonly JsonValue[],
  target: readonly JsonValue[],
  donor: readonly JsonValue[],
  type: ListType | undefined,
): Aligned[] {
  const [old, now, other] = keyedItems([current, target, donor], type) ?? []
  if (old && now && other) {
    const oldAt = new Map(old.map(({ key, index }) => [key, index]))
    const donorAt = new Map(other.map(({ key, index }) => [key, index]))
    return now.map(({ key }) => ({ from: oldAt.get(key), donor: donorAt.get(key) }))
  }
  const inDonor = sameJson(target, donor)
  let next = 0
  return target.map((item, at) => {
    const donorIndex = inDonor ? at : undefined
    if (current.length === target.length) return { from: at, donor: donorIndex }
    const from = current.findIndex((candidate, index) => index >= next && sameJson(candidate, item))
    if (from < 0) return { from: undefined, donor: donorIndex }
    next = from + 1
    return { from, donor: donorIndex }
  })
}
