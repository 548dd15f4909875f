import { hash } from 'node:crypto'

/** Returns the version of bytes, for stores that have no versions of their own. */
export function versionOf(bytes: Uint8Array): string {
  return hash('sha256', bytes)
}
