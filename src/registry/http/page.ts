/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-tags */
import type { Context } from 'hono'
import { RegistryError } from '../errors.ts'

/**
 * The part of a sorted list that the query's `n` and `last` ask for, and the Link header that leads to the next
 * part: relative, as clients refuse to follow a link to another host.
 */
export function page(
  c: Context,
  sorted: readonly string[],
): { items: string[]; headers: Record<string, string> } {
  const n = c.req.query('n')
  const last = c.req.query('last')
  if (n !== undefined && !/^[0-9]{1,9}$/.test(n)) {
    throw new RegistryError('PAGINATION_NUMBER_INVALID', `n must be a whole number, not "${n.slice(0, 50)}"`)
  }
  const rest = last === undefined ? sorted : sorted.filter((item) => item > last)
  const items = n === undefined ? [...rest] : rest.slice(0, Number(n))
  const end = items.at(-1)
  if (end === undefined || items.length === rest.length) return { items, headers: {} }
  return { items, headers: linkToNext(c, { n: String(items.length), last: end }) }
}

export function linkToNext(c: Context, query: Record<string, string>): Record<string, string> {
  return { Link: `<${c.req.path}?${new URLSearchParams(query)}>; rel="next"` }
}
