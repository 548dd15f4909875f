/** ETags in the headers of conditional requests: RFC 9110 section 13. */

const LIST = /^\s*(?:(?:W\/)?"[^"]*"\s*(?:,\s*|$))+$/

export function etag(value: string): string {
  return `"${value}"`
}

/**
 * What is between the quotes of each ETag in a header, or "any" for `*`; undefined where the header is neither. A
 * weak one (`W/"…"`) never holds in If-Match, so it is left out of a strong list.
 */
export function parseEtags(header: string, comparison: 'strong' | 'weak'): 'any' | string[] | undefined {
  if (header.trim() === '*') return 'any'
  if (!LIST.test(header)) return undefined
  const tags = header.match(/(?:W\/)?"[^"]*"/g) ?? []
  return tags
    .filter((tag) => comparison === 'weak' || !tag.startsWith('W/'))
    .map((tag) => tag.slice(tag.indexOf('"') + 1, -1))
}
