import { hash } from 'node:crypto'

/** The version of what a store keeps that has no versions of its own. */
export function versionOf(bytes: Uint8Array): string {
  return hash('sha256', bytes)
}
