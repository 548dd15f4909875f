import type { RevisionChange, WatchEventType } from '../../domain/change.ts'
import type { PackageRevision } from '../../domain/package-revision.ts'

export type WatchEvent = { type: WatchEventType; change: RevisionChange }

/** A message to a watcher. */
export type WatchMessage =
  /** The revisions that exist when the watch starts. */
  | { type: 'initial'; revisions: readonly PackageRevision[] }
  | { type: 'events'; events: readonly WatchEvent[] }
  /** Some events of one change. Clients cannot continue from between them; a bookmark follows the last ones. */
  | { type: 'part'; events: readonly WatchEvent[] }
  /** Everything up to this position has been sent. */
  | { type: 'bookmark'; position: number }
  /** A heartbeat. */
  | { type: 'quiet' }
