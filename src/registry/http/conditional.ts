/**
 * Conditional requests (RFC 9110, section 13). The ETag of a manifest is its digest. This is an extension of the OCI
 * specification; clients that do not send these headers see no difference.
 */
import type { Context } from 'hono'
import { parseEtags } from '../../http/etag.ts'
import { RegistryError } from '../errors.ts'

/** Whether the client has this manifest already, and gets 304. */
export function isNotModified(c: Context, digest: string): boolean {
  const known = etagsOf(c, 'If-None-Match', 'weak')
  return known !== undefined && matches(known, digest)
}

/**
 * Throws with status 412 if a tag does not point to what the client expects. `digest` is what it points to;
 * undefined if the tag does not exist.
 */
export function checkTagCondition(c: Context, tag: string, digest: string | undefined): void {
  const expected = etagsOf(c, 'If-Match', 'strong')
  const excluded = etagsOf(c, 'If-None-Match', 'weak')
  const matching =
    (expected === undefined || matches(expected, digest)) &&
    (excluded === undefined || !matches(excluded, digest))
  if (matching) return
  const now = digest === undefined ? 'does not exist' : `points to ${digest}`
  throw new RegistryError('DENIED', `the tag ${tag} ${now}; nothing was done`, { status: 412 })
}

function matches(etags: 'any' | string[], digest: string | undefined): boolean {
  return digest !== undefined && (etags === 'any' || etags.includes(digest))
}

function etagsOf(c: Context, name: string, comparison: 'strong' | 'weak'): 'any' | string[] | undefined {
  const header = c.req.header(name)
  if (header === undefined) return undefined
  const etags = parseEtags(header, comparison)
  if (etags !== undefined) return etags
  const message = `${name} must be "*" or digests in quotes, like "sha256:…", separated by commas`
  throw new RegistryError('UNSUPPORTED', message, { status: 400 })
}
