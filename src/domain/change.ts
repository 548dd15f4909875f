/** What happens to package revisions, as it is told to those who watch. */
import type { PackageRevision } from './package-revision.ts'

/** What lists can be filtered by and that changes, and what tells one change from another. */
export type Changing = Pick<
  PackageRevision,
  'lifecycle' | 'latest' | 'revision' | 'version' | 'labels' | 'upstream' | 'updatedAt'
>

export type RevisionChange = {
  /** Of all changes in the order of their commits: it only grows. A deletion has one of its own. */
  resourceVersion: number
  type: 'added' | 'modified' | 'deleted'
  /** As it is since then; a deleted one as it last was, with the resourceVersion of its deletion. */
  revision: PackageRevision
  /** Those fields that had another value before. */
  was: Partial<Changing>
  /** About what it takes in memory. */
  bytes: number
}

const CHANGING = ['lifecycle', 'latest', 'revision', 'version', 'labels', 'upstream', 'updatedAt'] as const

/** The fields of `before` that are otherwise in `after`. */
export function difference(before: Changing, after: Changing): Partial<Changing> {
  const differing = CHANGING.filter((field) => !same(before[field], after[field]))
  return Object.fromEntries(differing.map((field) => [field, before[field]]))
}

function same(one: unknown, other: unknown): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other)
}

export const WATCH_EVENTS = ['ADDED', 'MODIFIED', 'DELETED'] as const
export type WatchEventType = (typeof WATCH_EVENTS)[number]

/**
 * What a change is to somebody who sees only some revisions: what comes into view is added to him, and what goes out of
 * it deleted. Undefined where he sees nothing of it.
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
