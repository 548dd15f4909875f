/** The work on the conflicts of a draft that runs in worker processes. */
import type { JsonValue } from '../krm/json-value.ts'
import type { Resources } from '../resources.ts'
import type { Side } from './conflict.ts'
import { edited, withSide, withValue } from './resolve-conflict.ts'
import type { RevisionConflict } from './revision-conflict.ts'

/** One of the sides, or another value. */
export type Choice = { choose: Side } | { value: JsonValue }

/** Returns the IDs of the conflicts whose values an edit of the files changed. */
export function editedConflicts(input: {
  conflicts: readonly RevisionConflict[]
  before: Resources
  after: Resources
}): string[] {
  const { conflicts, before, after } = input
  return edited(conflicts, before, after).map(({ id }) => id)
}

/** Returns the files with the choice for a conflict. Throws `invalid`, or `conflict` if its object is gone. */
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
