/** The pages of every list. Each carries the resourceVersion of the whole index at that moment. */
import { setImmediate } from 'node:timers/promises'
import { currentResourceVersion } from '../../database/counters.ts'
import type { PartialPage } from '../../database/partial-page.ts'
import type { ServiceContext } from '../context.ts'
import { readToken, writeToken } from './continue-token.ts'

export type PageRequest = { limit: number; continue?: string | undefined }

export type Page<Item> = {
  items: Item[]
  /** For the next page; missing on the last one. */
  continue: string | undefined
  resourceVersion: string
}

export type Walk<Item, Position> = {
  /** Items alone are all that there are, up to the limit. */
  fetch: (after: Position | undefined, limit: number) => Promise<Item[] | PartialPage<Item, Position>>
  cursorAt: (item: Item) => Position
}

/** So many rows are read at once, and so many bytes fill a page, whatever the limit: one answer is not all memory. */
const CHUNK_ROWS = 100
const PAGE_BYTES = 8 * 1024 * 1024
/** For what is rare so many steps are made, others getting their turn between them; then the client may go on. */
const MAX_STEPS = 200

/** A page of any list: `query` is all that the list was asked for. Throws `invalid` for a token of another one. */
export async function page<Item, Position>(
  ctx: ServiceContext,
  query: unknown,
  request: PageRequest,
  walk: Walk<Item, Position>,
): Promise<Page<Item>> {
  let after =
    request.continue === undefined ? undefined : readToken<Position>(ctx.tokenKey, query, request.continue)
  const resourceVersion = String(await currentResourceVersion(ctx.db))
  const items: Item[] = []
  let bytes = 0
  let more = true
  for (let step = 1; more && items.length < request.limit && bytes < PAGE_BYTES; step++) {
    const wanted = Math.min(CHUNK_ROWS, request.limit - items.length)
    const found = await walk.fetch(after, wanted + 1)
    const { items: rows, lookedTo = undefined } = Array.isArray(found) ? { items: found } : found
    let taken = 0
    for (const row of rows.slice(0, wanted)) {
      if (bytes >= PAGE_BYTES) break
      bytes += weightOf(row)
      after = walk.cursorAt(row)
      items.push(row)
      taken++
    }
    more = rows.length > taken || lookedTo !== undefined
    if (rows.length > taken || lookedTo === undefined) continue
    after = lookedTo
    if (step >= MAX_STEPS) break
    await setImmediate()
  }
  return {
    items,
    continue: more ? writeToken(ctx.tokenKey, query, after) : undefined,
    resourceVersion,
  }
}

/** About as many characters as it takes in JSON, without writing that. */
function weightOf(value: unknown): number {
  if (typeof value === 'string') return value.length
  if (typeof value !== 'object' || value === null) return 0
  let weight = 0
  for (const [key, child] of Object.entries(value)) weight += key.length + weightOf(child)
  return weight
}
