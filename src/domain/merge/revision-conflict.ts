/** The conflicts of a draft that an upgrade has made, and what has become of them. */
import type { Condition } from '../conditions.ts'
import type { Conflict } from './conflict.ts'

/** How a conflict was resolved: somebody edited what it is about, chose a side, or gave another value. */
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

/** For people: `deployment.yaml: apps/Deployment web: spec.replicas`. */
export function conflictPlace({ path, object, field }: Conflict): string {
  return [path, object, field].filter(Boolean).join(': ')
}

const SHOWN = 5

/** Whether all that the merge left open is decided: the condition `Merged`. */
export function mergedCondition(conflicts: readonly RevisionConflict[]): Condition {
  const open = conflicts.filter(isOpen)
  if (open.length === 0) {
    const message =
      conflicts.length === 0 ? 'there was no conflict' : `all ${conflicts.length} conflicts are resolved`
    return { type: 'Merged', status: 'True', reason: conflicts.length === 0 ? 'Clean' : 'Resolved', message }
  }
  const places = open.slice(0, SHOWN).map(conflictPlace)
  const more = open.length > SHOWN ? ` and ${open.length - SHOWN} more` : ''
  return {
    type: 'Merged',
    status: 'False',
    reason: 'Conflicts',
    message: `${open.length} of ${conflicts.length} conflicts are open: ${places.join('; ')}${more}`,
  }
}
