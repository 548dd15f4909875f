import type { Side } from './conflict.ts'

/**
 * Merges the order of items: that of upstream, or of local if only local changed it or is preferred. An item that only
 * the other side has follows the same item as there, even if that was removed.
 */
export function mergeOrder(
  original: readonly string[],
  local: readonly string[],
  upstream: readonly string[],
  prefer: Side = 'local',
): string[] {
  const isLocal = moved(original, local) && (prefer === 'local' || !moved(original, upstream))
  const [side, other] = isLocal ? [local, upstream] : [upstream, local]
  const base = withRemoved(original, side)
  const { first, behind } = groups(other, new Set(base))
  const order = [...first, ...base.flatMap((key) => [key, ...(behind.get(key) ?? [])])]
  const exist = new Set([...local, ...upstream])
  return order.filter((key) => exist.has(key))
}

/** Adds the original items that a side removed, behind what it added in their place. */
function withRemoved(original: readonly string[], side: readonly string[]): string[] {
  const removed = groups(original, new Set(side))
  const added = groups(side, new Set(original))
  const kept = side.filter((key) => added.behind.has(key))
  return [
    ...added.first,
    ...removed.first,
    ...kept.flatMap((key) => [key, ...(added.behind.get(key) ?? []), ...(removed.behind.get(key) ?? [])]),
  ]
}

/** Groups the other items by the known one in front of them. */
function groups(
  items: readonly string[],
  known: ReadonlySet<string>,
): { first: string[]; behind: Map<string, string[]> } {
  const first: string[] = []
  const behind = new Map<string, string[]>()
  let here = first
  for (const key of items) {
    if (known.has(key)) {
      here = []
      behind.set(key, here)
    } else here.push(key)
  }
  return { first, behind }
}

/** Reports whether each side put the common items into an order of its own. */
export function inDifferentOrders(
  original: readonly string[],
  local: readonly string[],
  upstream: readonly string[],
): boolean {
  return moved(original, local) && moved(original, upstream) && moved(local, upstream)
}

/** Reports whether the items that two lists share are in different orders. */
function moved(before: readonly string[], after: readonly string[]): boolean {
  const [inBefore, inAfter] = [new Set(before), new Set(after)]
  const now = after.filter((key) => inBefore.has(key))
  return before.filter((key) => inAfter.has(key)).some((key, at) => key !== now[at])
}
