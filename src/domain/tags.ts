/**
 * The tags of a package revision in its OCI repository:
 * - `draft-<workspace>` on a Draft or Proposed revision; it moves with each save.
 * - `v<revision>` on a published one, and `v<revision>.0.0` for Flux, whose semver ignores `v3`. They never move.
 * - `v<version>`, "+" written "_", instead of the latter on one that declares a version; it never moves either, but
 *   `v<version without build>` follows the highest build.
 * - `latest` on the latest published revision.
 */
import { isPublished, type Lifecycle } from './lifecycle.ts'

export const LATEST_TAG = 'latest'

/** The tag of the record of a package: the numbers and workspaces that cannot be used again. */
export const PACKAGE_RECORD_TAG = '_package'
/** The tag of the record of how the versions of a Glasskube package are listed. */
export const LISTING_RECORD_TAG = '_listing'
/** The tag of the record of a repository, in the OCI repository of the same name. */
export const REPOSITORY_RECORD_TAG = '_repository'

/** The tag of the record of heads of the audit log, in an OCI repository that no repository of packages can be named as. */
export const AUDIT_TAG = '_audit'
export const AUDIT_REPOSITORY = 'pkgserver_audit'

/**
 * Tags that only pkgserver writes in a package's OCI repository: its own, and all that clients read as versions, with
 * or without "v". Flux would take anyone's push of `9.9.9` for the latest release.
 */
const RESERVED = /^(?:latest$|v?[0-9]|draft-|deletion-proposed-|_)/

/** Records are never written by others, not even where there is no package yet: the index is rebuilt from them. */
export function isRecordTag(tag: string): boolean {
  return tag.startsWith('_')
}

/** Tags of drafts and records, which are not for those who only read what is published. */
export function isInternalTag(tag: string): boolean {
  return isRecordTag(tag) || /^(?:draft|deletion-proposed)-/.test(tag)
}

export function isReservedTag(tag: string): boolean {
  return RESERVED.test(tag)
}

/** Returns the tag of the record of the conflicts that an upgrade left in a revision. */
export function conflictsTag(workspace: string): string {
  return `_conflicts-${workspace}`
}

export function draftTag(workspace: string): string {
  return `draft-${workspace}`
}

export function deletionProposedTag(revision: number): string {
  return `deletion-proposed-v${revision}`
}

/** Returns the tag of the record that the last proposal to delete a revision was rejected. */
export function deletionRejectedTag(revision: number): string {
  return `_deletion-rejected-v${revision}`
}

/** Returns the tag of a version. Tags cannot contain "+"; OCI clients write "_" for it. */
export function versionTag(version: string): string {
  return `v${version.replace('+', '_')}`
}

/** Returns the tags that a publication writes once and that never move. */
export function fixedTags(revision: number, version: string | null): string[] {
  return [`v${revision}`, version === null ? `v${revision}.0.0` : versionTag(version)]
}

export type Tagged = {
  workspace: string
  revision: number
  version: string | null
  lifecycle: Lifecycle
  latest: boolean
  /** True for the highest build of its version, which has the tag without the build number. */
  latestBuild: boolean
}

/** Returns every tag of a revision, in ASCII order. */
export function tagsOf(revision: Tagged): string[] {
  if (!isPublished(revision.lifecycle)) return [draftTag(revision.workspace)]
  const tags = fixedTags(revision.revision, revision.version)
  if (revision.latest) tags.push(LATEST_TAG)
  if (revision.latestBuild && revision.version?.includes('+')) tags.push(buildlessTag(revision.version))
  return tags.sort()
}

/** Returns `v1.17.0` for `1.17.0+2`: the tag that follows the highest build. */
export function buildlessTag(version: string): string {
  return `v${version.replace(/\+.*$/, '')}`
}
