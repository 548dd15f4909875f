/**
 * Conditional requests (RFC 9110, section 13) with the digest of a manifest as its ETag. They are an extension of the
 * distribution spec; clients that send no such headers see no difference.
 */
import type { Context } from 'hono'
import { parseEtags } from '../../http/etag.ts'
import { RegistryError } from '../errors.ts'

/** Returns whether the client already has this manifest, so that the response is 304. */
export function isNotModified(c: Context, digest: string): boolean {
  const known = etagsOf(c, 'If-None-Match', 'weak')
  return known !== undefined && matches(known, digest)
}

/**
 * Throws, with status 412, unless the tag points to what the client expects. `digest` is what it points to now, or
 * undefined if it does not exist.
 */
export function checkTagCondition(c: Context, tag: string, digest: string | undefined): void {
  const expected = etagsOf(c, 'If-Match', 'strong')
  const excluded = etagsOf(c, 'If-None-Match', 'weak')
  const fine =
    (expected === undefined || matches(expected, digest)) &&
    (excluded === undefined || !matches(excluded, digest))
  if (fine) return
  // Who may write need not be able to read what it points to.
  const now = digest === undefined ? 'does not exist' : 'does not point to what the request expects'
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
