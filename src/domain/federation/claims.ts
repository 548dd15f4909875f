/**
 * Claims of tokens, by their paths. A path is the name of a claim, or a JSON Pointer to one inside others, as names have
 * dots: `sub`, `/kubernetes.io/serviceaccount/uid`. https://www.rfc-editor.org/rfc/rfc6901
 */

export type Claims = Readonly<Record<string, unknown>>

/** Why a text is no path of a claim; undefined if it is one. */
export function pathProblem(path: string): string | undefined {
  if (path === '' || path.length > 200) return 'must have 1 to 200 characters'
  if (!path.startsWith('/')) return undefined
  if (/~(?![01])/.test(path)) return 'has a ~ that is neither ~0 nor ~1'
  const [first = '', ...rest] = segmentsOf(path)
  // One spelling for each claim, so that rules about a claim cannot be avoided.
  return rest.length === 0 && !first.startsWith('/') ? `is at the top: write ${first}` : undefined
}

/** The value of a claim as a text; undefined for one that is missing, a list or an object. */
export function claimText(claims: Claims, path: string): string | undefined {
  let value: unknown = claims
  for (const segment of segmentsOf(path)) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
    if (!Object.hasOwn(value, segment)) return undefined
    value = (value as Record<string, unknown>)[segment]
  }
  if (typeof value === 'string') return value
  return typeof value === 'boolean' || Number.isSafeInteger(value) ? String(value) : undefined
}

function segmentsOf(path: string): string[] {
  if (!path.startsWith('/')) return [path]
  return path
    .slice(1)
    .split('/')
    .map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'))
}
