/** The conflicts that an upgrade left in a draft, and their resolutions. */
import { type Condition, joinFirst } from '../conditions.ts'
import type { Conflict } from './conflict.ts'

/** The way a conflict was resolved: by an edit of the files, by the choice of a side, or by another value. */
export type Resolution = 'edit' | 'local' | 'upstream' | 'value'

export type RevisionConflict = Conflict & {
  /** Unique within the revision. */
  id: string
  /** null until it is resolved. */
  resolution: Resolution | null
}

export function isOpen({ resolution }: Pick<RevisionConflict, 'resolution'>): boolean {
  return resolution === null
}

export function numbered(conflicts: readonly Conflict[]): RevisionConflict[] {
  return conflicts.map((conflict, at) => ({ ...conflict, id: String(at + 1), resolution: null }))
}

/** Formats the place of a conflict for people: `deployment.yaml: apps/Deployment web: spec.replicas`. */
export function conflictPlace({ path, object, field }: Conflict): string {
  return [path, object, field].filter(Boolean).join(': ')
}

/** Returns the condition `Merged`, which is True when all conflicts are resolved. */
export function mergedCondition(conflicts: readonly RevisionConflict[]): Condition {
  const open = conflicts.filter(isOpen)
  if (open.length === 0) {
    const message =
      conflicts.length === 0 ? 'there was no conflict' : `all ${conflicts.length} conflicts are resolved`
    return { type: 'Merged', status: 'True', reason: conflicts.length === 0 ? 'Clean' : 'Resolved', message }
  }
  return {
    type: 'Merged',
    status: 'False',
    reason: 'Conflicts',
    message: `${open.length} of ${conflicts.length} conflicts are open: ${joinFirst(open.map(conflictPlace))}`,
  }
}
