/** Changes of package revisions, as watchers and webhooks get them. */
import type { PackageRevision } from './package-revision.ts'

const WATCHED_FIELDS = [
  'lifecycle',
  'latest',
  'revision',
  'version',
  'labels',
  'upstream',
  'updatedAt',
] as const

/**
 * The fields that lists can be filtered by and that can change, and `updatedAt`, which tells an edit from a side
 * effect.
 */
export type WatchedFields = Pick<PackageRevision, (typeof WATCHED_FIELDS)[number]>

export type RevisionChange = {
  /** Grows with each change, in the order of the commits; a deletion gets one of its own. */
  resourceVersion: number
  type: 'added' | 'modified' | 'deleted'
  /** The revision after the change; a deleted one as it last was, with the resourceVersion of its deletion. */
  revision: PackageRevision
  /** The former values of the watched fields that changed. */
  was: Partial<WatchedFields>
  /** The approximate size in memory. */
  bytes: number
}

/** Returns the watched fields that differ, with their values in `before`. */
export function difference(before: WatchedFields, after: WatchedFields): Partial<WatchedFields> {
  const differing = WATCHED_FIELDS.filter((field) => !same(before[field], after[field]))
  return Object.fromEntries(differing.map((field) => [field, before[field]]))
}

function same(one: unknown, other: unknown): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other)
}

export const WATCH_EVENTS = ['ADDED', 'MODIFIED', 'DELETED'] as const
export type WatchEventType = (typeof WATCH_EVENTS)[number]

/**
 * Returns the event of a change for a watcher that sees only some revisions: one that comes into view is added, and one
 * that leaves it is deleted. Undefined if the watcher sees the revision neither before nor after.
 */
export function eventType(
  change: RevisionChange,
  sees: (revision: PackageRevision) => boolean,
): WatchEventType | undefined {
  const { type, revision, was } = change
  const before = type !== 'added' && sees({ ...revision, ...was })
  const after = type !== 'deleted' && sees(revision)
  if (after) return before ? 'MODIFIED' : 'ADDED'
  return before ? 'DELETED' : undefined
}
