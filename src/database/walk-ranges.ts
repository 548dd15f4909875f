import type { NameRange } from '../domain/access/visible-set.ts'
import type { PartialPage } from './partial-page.ts'

/** Ranges that are read in one call, each with a query of its own. */
const AT_ONCE = 50

/** Reads a page of a list range by range, in the order of the list. `behind` returns the position behind a range. */
export async function walkRanges<Item, Position>(
  ranges: readonly NameRange[],
  limit: number,
  read: (range: NameRange, limit: number) => Promise<PartialPage<Item, Position>>,
  behind: (range: NameRange) => Position,
): Promise<PartialPage<Item, Position>> {
  const items: Item[] = []
  for (const range of ranges.slice(0, AT_ONCE)) {
    const part = await read(range, limit - items.length)
    items.push(...part.items)
    if (part.lookedTo) return { items, lookedTo: part.lookedTo }
    if (items.length === limit) return { items }
  }
  const last = ranges[AT_ONCE - 1]
  return last && ranges.length > AT_ONCE ? { items, lookedTo: behind(last) } : { items }
}
