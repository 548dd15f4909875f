/** ETags in the headers of conditional requests: RFC 9110, section 13. */

const LIST = /^\s*(?:(?:W\/)?"[^"]*"\s*(?:,\s*|$))+$/

export function etag(value: string): string {
  return `"${value}"`
}

/**
 * The ETags in a header without their quotes, or "any" for `*`; undefined if the header is malformed. For the strong
 * comparison of If-Match, weak ETags (`W/"…"`) are left out, as they never match.
 */
export function parseEtags(header: string, comparison: 'strong' | 'weak'): 'any' | string[] | undefined {
  if (header.trim() === '*') return 'any'
  if (!LIST.test(header)) return undefined
  const tags = header.match(/(?:W\/)?"[^"]*"/g) ?? []
  return tags
    .filter((tag) => comparison === 'weak' || !tag.startsWith('W/'))
    .map((tag) => tag.slice(tag.indexOf('"') + 1, -1))
}
