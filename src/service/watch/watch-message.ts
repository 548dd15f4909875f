import type { RevisionChange, WatchEventType } from '../../domain/change.ts'
import type { PackageRevision } from '../../domain/package-revision.ts'

export type WatchEvent = { type: WatchEventType; change: RevisionChange }

/** What who watches is told. */
export type WatchMessage =
  /** How it is now, to begin with. */
  | { type: 'initial'; revisions: readonly PackageRevision[] }
  | { type: 'events'; events: readonly WatchEvent[] }
  /** More is told of the same change: nobody can go on from between these. A bookmark comes behind the last ones. */
  | { type: 'part'; events: readonly WatchEvent[] }
  /** All up to there has been told. */
  | { type: 'bookmark'; position: number }
  /** Nothing at all, for a while. */
  | { type: 'quiet' }
