/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-tags */
import type { Context } from 'hono'
import { requestedPath } from '../../http/request-path.ts'
import { RegistryError } from '../errors.ts'
import type { Page } from '../store/blob-store.ts'

/** Items of a page, whatever the client asks for. Clients follow the link to the next page. */
const MAX_ITEMS = 10_000

/** Parses the query parameters `n` and `last`. Throws PAGINATION_NUMBER_INVALID. */
export function pageQuery(c: Context): Page & { limit: number } {
  const n = c.req.query('n')
  if (n !== undefined && !/^[0-9]{1,9}$/.test(n)) {
    throw new RegistryError('PAGINATION_NUMBER_INVALID', `n must be a whole number, not "${n.slice(0, 50)}"`)
  }
  return { after: c.req.query('last'), limit: Math.min(Number(n ?? MAX_ITEMS), MAX_ITEMS) }
}

/**
 * Returns a page of a sorted list, with the Link header for the next page. The link is relative, because clients
 * refuse to follow links to another host.
 */
export function page(
  c: Context,
  sorted: readonly string[],
  { after, limit }: Page,
): { items: string[]; headers: Record<string, string> } {
  const rest = after === undefined ? sorted : sorted.filter((item) => item > after)
  const items = rest.slice(0, limit)
  const end = items.at(-1)
  if (end === undefined || items.length === rest.length) return { items, headers: {} }
  return { items, headers: linkToNext(c, { n: String(items.length), last: end }) }
}

export function linkToNext(c: Context, query: Record<string, string>): Record<string, string> {
  return { Link: `<${requestedPath(c)}?${new URLSearchParams(query)}>; rel="next"` }
}
