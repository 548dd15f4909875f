/** What threads do about the conflicts of a draft. */

import type { Plain } from '../krm/plain.ts'
import type { Resources } from '../resources.ts'
import type { Side } from './conflict.ts'
import { isEdited, withSide, withValue } from './resolve-conflict.ts'
import type { RevisionConflict } from './revision-conflict.ts'

/** One of the sides, or another value. */
export type Choice = { choose: Side } | { value: Plain }

/** The ids of the conflicts that an edit of the files has touched. */
export function editedConflicts(input: {
  conflicts: readonly RevisionConflict[]
  before: Resources
  after: Resources
}): string[] {
  const { conflicts, before, after } = input
  return conflicts.filter((conflict) => isEdited(conflict, before, after)).map(({ id }) => id)
}

/** The files with what was chosen for a conflict. Throws `invalid`, and `conflict` where it has lost its place. */
export function settleConflict(input: {
  conflict: RevisionConflict
  choice: Choice
  resources: Resources
  upstream: Resources
}): Resources {
  const { conflict, choice, resources, upstream } = input
  if ('value' in choice) return withValue(conflict, choice.value, resources)
  return withSide(conflict, choice.choose, resources, upstream)
}
