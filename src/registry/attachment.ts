import { parseManifest } from '../oci/manifest.ts'

/** The tags that clients give to what refers to a manifest, where a registry cannot list referrers: cosign's, and the spec's. */
const REFERRER_TAG = /^sha(?:256-[0-9a-f]{64}|512-[0-9a-f]{64,128})(?:\.[a-z0-9]+)?$/

/** Whether a pushed manifest only says something about another one, as signatures and SBOMs do. */
export function isAttachment(manifest: Uint8Array, tags: readonly string[]): boolean {
  if (!tags.every((tag) => REFERRER_TAG.test(tag))) return false
  return tags.length > 0 || hasSubject(manifest)
}

function hasSubject(bytes: Uint8Array): boolean {
  try {
    return parseManifest(bytes).subject !== undefined
  } catch {
    return false
  }
}
