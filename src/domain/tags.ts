/** The tags of a package revision in its OCI repository: design section 3's table. */
import { isPublished, type Lifecycle } from './lifecycle.ts'

export const LATEST_TAG = 'latest'

/** The tag of the record of what the package was: numbers and workspaces that are used up. */
export const PACKAGE_RECORD_TAG = '_package'
/** The tag, in the OCI repository named like the repository itself, of the record that describes it. */
export const REPOSITORY_RECORD_TAG = '_repository'

/**
 * Tags that only pkgserver writes in a package's OCI repository: its own, and whatever a client would take for a
 * version (Flux and Argo CD read `1.2.3` like `v1.2.3`), so that nobody else's push is ever deployed as a release.
 */
const RESERVED = /^(?:latest$|v?[0-9]|draft-|deletion-proposed-|_)/

export function isReservedTag(tag: string): boolean {
  return RESERVED.test(tag)
}

/** The tag of the record of the conflicts that an upgrade has left in a revision. */
export function conflictsTag(workspace: string): string {
  return `_conflicts-${workspace}`
}

export function draftTag(workspace: string): string {
  return `draft-${workspace}`
}

export function deletionProposedTag(revision: number): string {
  return `deletion-proposed-v${revision}`
}

/** The tag of the record that the last proposal to delete a revision was rejected. */
export function deletionRejectedTag(revision: number): string {
  return `_deletion-rejected-v${revision}`
}

/** "+" is no tag character; OCI clients write "_" for it. */
export function versionTag(version: string): string {
  return `v${version.replace('+', '_')}`
}

/** The tags that a publication writes once and that never move. */
export function fixedTags(revision: number, version: string | null): string[] {
  return [`v${revision}`, version === null ? `v${revision}.0.0` : versionTag(version)]
}

export type Tagged = {
  workspace: string
  revision: number
  version: string | null
  lifecycle: Lifecycle
  latest: boolean
  /** Whether it is the highest build of its version, and so holds the tag without the build number. */
  latestBuild: boolean
}

/** Every tag on a revision's artifact, in ASCII order. */
export function tagsOf(revision: Tagged): string[] {
  if (!isPublished(revision.lifecycle)) return [draftTag(revision.workspace)]
  const tags = fixedTags(revision.revision, revision.version)
  if (revision.latest) tags.push(LATEST_TAG)
  if (revision.latestBuild && revision.version?.includes('+')) tags.push(buildlessTag(revision.version))
  return tags.sort()
}

/** `v1.17.0` for `1.17.0+2`: the tag that follows the highest build. */
export function buildlessTag(version: string): string {
  return `v${version.replace(/\+.*$/, '')}`
}
