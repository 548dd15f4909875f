/** Pagination of all lists. Each page carries the resourceVersion of the index when it was read. */
import { setImmediate } from 'node:timers/promises'
import { currentResourceVersion } from '../../database/counters.ts'
import type { PartialPage } from '../../database/partial-page.ts'
import type { ServiceContext } from '../context.ts'
import { readToken, writeToken } from './continue-token.ts'

export type PageRequest = { limit: number; continue?: string | undefined }

export type Page<Item> = {
  items: Item[]
  /** The token for the next page; undefined on the last page. */
  continue: string | undefined
  resourceVersion: string
}

export type PageSource<Item, Position> = {
  /** Returns the items after a position. An array that is shorter than the limit is the end of the list. */
  fetch: (after: Position | undefined, limit: number) => Promise<Item[] | PartialPage<Item, Position>>
  cursorAt: (item: Item) => Position
  /** Whether items are so small that a whole page can be read at once. */
  small?: boolean
}

/** Characters per page, whatever the client's limit, so that one answer does not fill the memory. */
const PAGE_SIZE = 2 * 1024 * 1024
/** Rows of the first query, and of any other. How many more are read at once depends on the size of those before. */
const ROWS = { first: 30, most: 100 }
/** Partial reads per page: a search for rare items returns a short page, and the client continues it. */
const MAX_STEPS = 200

/** Reads a page of a list. Throws `invalid` for a token of another `query`. */
export async function page<Item, Position>(
  ctx: ServiceContext,
  query: unknown,
  request: PageRequest,
  source: PageSource<Item, Position>,
): Promise<Page<Item>> {
  let after =
    request.continue === undefined ? undefined : readToken<Position>(ctx.tokenKey, query, request.continue)
  const resourceVersion = String(await currentResourceVersion(ctx.db))
  const items: Item[] = []
  let size = 0
  let more = true
  for (let step = 1; more && items.length < request.limit && size < PAGE_SIZE; step++) {
    const wanted = Math.min(
      source.small ? ROWS.most : rowsAtOnce(items.length, size),
      request.limit - items.length,
    )
    const found = await source.fetch(after, wanted + 1)
    const { items: rows, lookedTo = undefined } = Array.isArray(found) ? { items: found } : found
    let taken = 0
    for (const row of rows.slice(0, wanted)) {
      if (size >= PAGE_SIZE) break
      size += sizeOf(row)
      after = source.cursorAt(row)
      items.push(row)
      taken++
    }
    more = rows.length > taken || lookedTo !== undefined
    if (rows.length > taken || lookedTo === undefined) continue
    after = lookedTo
    if (step >= MAX_STEPS) break
    // Other requests take turns with a long search.
    await setImmediate()
  }
  return {
    items,
    continue: more ? writeToken(ctx.tokenKey, query, after) : undefined,
    resourceVersion,
  }
}

/** Returns how many rows to read, after rows of this number and size, so that few are read that do not fit the page. */
function rowsAtOnce(rows: number, size: number): number {
  if (rows === 0) return ROWS.first
  const fitting = Math.ceil(((PAGE_SIZE - size) * rows) / Math.max(1, size))
  return Math.max(1, Math.min(ROWS.most, fitting))
}

/** Returns the approximate length of a value in JSON, without serializing it. */
function sizeOf(value: unknown): number {
  if (typeof value === 'string') return value.length
  if (typeof value !== 'object' || value === null) return 0
  let size = 0
  for (const [key, child] of Object.entries(value)) size += key.length + sizeOf(child)
  return size
}
