import { lineNumbers } from '../text-lines.ts'
import { canonicalText, fieldOf, isJsonArray, isJsonObject, type JsonValue, sameJson } from './json-value.ts'
import { keyedItems } from './list-items.ts'
import type { ListType } from './list-types.ts'

/** The index of an item of the target list in the current list, and in the donor's list. */
export type Aligned = { from: number | undefined; donor: number | undefined }

/**
 * Finds the items of the target list in the current one and in the donor's: by key if they have keys, else by value
 * and order.
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
  const [inCurrent, inDonor] = [inOrder(current, target), inOrder(donor, target)]
  return target.map((_, at) => ({ from: inCurrent[at], donor: inDonor[at] }))
}

/** Longer lists are compared item by item at the same index, in all but their equal ends. */
const MAX_CELLS = 1_000_000
/** How far an item that is alike is searched. */
const MAX_GAP = 100

/**
 * Returns the index in `from` of each item of `to`, ascending: of an equal item, or of one in its place if as many items
 * were replaced as there were before.
 */
function inOrder(from: readonly JsonValue[], to: readonly JsonValue[]): (number | undefined)[] {
  let start = 0
  while (start < from.length && start < to.length && sameJson(from[start], to[start])) start++
  let [fromEnd, toEnd] = [from.length, to.length]
  while (fromEnd > start && toEnd > start && sameJson(from[fromEnd - 1], to[toEnd - 1])) {
    fromEnd--
    toEnd--
  }
  const found: (number | undefined)[] = to.map((_, at) => {
    if (at < start) return at
    return at >= toEnd ? at - toEnd + fromEnd : undefined
  })
  const [rows, columns] = [fromEnd - start, toEnd - start]
  if (rows * columns <= MAX_CELLS) {
    for (const [a, b] of commonItems(from.slice(start, fromEnd), to.slice(start, toEnd)))
      found[start + b] = start + a
  }
  pairReplaced(found, from, to, [start, toEnd, fromEnd])
  return found
}

/** Pairs the items between two found ones: in order if both lists have as many there, else those that are alike. */
function pairReplaced(
  found: (number | undefined)[],
  from: readonly JsonValue[],
  to: readonly JsonValue[],
  [start, toEnd, fromEnd]: readonly [number, number, number],
): void {
  let [gap, next] = [start, start]
  for (let at = start; at <= toEnd; at++) {
    const end = at === toEnd ? fromEnd : found[at]
    if (end === undefined) continue
    const isSameCount = at - gap === end - next
    for (let each = gap; each < at; each++) {
      const like = isSameCount ? next : indexOfAlike(from, to[each] as JsonValue, next, end)
      if (like === undefined) continue
      found[each] = like
      next = like + 1
    }
    gap = at + 1
    next = end + 1
  }
}

function indexOfAlike(
  list: readonly JsonValue[],
  item: JsonValue,
  start: number,
  end: number,
): number | undefined {
  for (let at = start; at < Math.min(end, start + MAX_GAP); at++)
    if (isAlike(list[at] as JsonValue, item)) return at
  return undefined
}

/** Reports whether two maps, or two lists, have a part in common. */
function isAlike(a: JsonValue, b: JsonValue): boolean {
  if (isJsonArray(a) && isJsonArray(b)) {
    const others = b.slice(0, MAX_GAP)
    return a.slice(0, MAX_GAP).some((item) => others.some((other) => sameJson(item, other)))
  }
  if (!isJsonObject(a) || !isJsonObject(b)) return false
  return Object.entries(a).some(([key, value]) => sameJson(value, fieldOf(b, key)))
}

/** Returns the indexes of a longest common subsequence. */
function commonItems(a: readonly JsonValue[], b: readonly JsonValue[]): [number, number][] {
  // Compared as numbers, since each item is compared with many.
  const numberOf = lineNumbers()
  const [olds, news] = [a, b].map((items) => items.map((item) => numberOf(canonicalText(item)))) as [
    number[],
    number[],
  ]
  const width = b.length + 1
  const lengths = new Uint32Array((a.length + 1) * width)
  const isSame = (row: number, column: number): boolean => olds[row] === news[column]
  for (let row = a.length - 1; row >= 0; row--) {
    for (let column = b.length - 1; column >= 0; column--) {
      const at = row * width + column
      lengths[at] = isSame(row, column)
        ? 1 + (lengths[at + width + 1] as number)
        : Math.max(lengths[at + width] as number, lengths[at + 1] as number)
    }
  }
  const pairs: [number, number][] = []
  let [row, column] = [0, 0]
  while (row < a.length && column < b.length) {
    const at = row * width + column
    if (isSame(row, column)) pairs.push([row++, column++])
    else if ((lengths[at + width] as number) >= (lengths[at + 1] as number)) row++
    else column++
  }
  return pairs
}
