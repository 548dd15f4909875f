/** The work on the conflicts of a draft that runs in worker processes. */
import { fieldOf, type JsonValue } from '../krm/json-value.ts'
import type { PackageFiles } from '../package-files.ts'
import type { Conflict, Side } from './conflict.ts'
import { isWholeFile } from './merge-executables.ts'
import { edited, withSide, withValue } from './resolve-conflict.ts'
import type { RevisionConflict } from './revision-conflict.ts'

/** One of the sides, or another value. */
export type Choice = { choose: Side } | { value: JsonValue }

/** Returns the IDs of the conflicts whose values an edit of the files changed. */
export function editedConflicts(input: {
  conflicts: readonly RevisionConflict[]
  before: PackageFiles
  after: PackageFiles
}): string[] {
  const { conflicts, before, after } = input
  const hasOtherMode = ({ path }: Conflict): boolean =>
    before.executables.has(path) !== after.executables.has(path)
  const changed = new Set(edited(conflicts, before.resources, after.resources))
  return conflicts
    .filter((conflict) => changed.has(conflict) || (isWholeFile(conflict) && hasOtherMode(conflict)))
    .map(({ id }) => id)
}

/** Returns the files with the choice for a conflict. Throws `invalid`, or `conflict` if its object is gone. */
export function settleConflict(input: {
  conflict: RevisionConflict
  choice: Choice
  files: PackageFiles
  upstream: PackageFiles
}): PackageFiles {
  const { conflict, choice, files, upstream } = input
  const resources =
    'value' in choice
      ? withValue(conflict, choice.value, files.resources)
      : withSide(conflict, choice.choose, files.resources, upstream.resources)
  const executables = new Set(files.executables)
  if (settledBit(conflict, choice, files)) executables.add(conflict.path)
  else executables.delete(conflict.path)
  return { resources, executables: new Set([...executables].filter((path) => resources.has(path))) }
}

/** A file that the draft has keeps its bit, unless both sides added it and so may disagree. */
function settledBit(conflict: Conflict, choice: Choice, { resources, executables }: PackageFiles): boolean {
  const { path, original, chosen, local, upstream } = conflict
  const isOther = 'choose' in choice && choice.choose !== chosen
  const isKept = resources.has(path) && !(original === undefined && isOther)
  if (isKept || !isWholeFile(conflict)) return executables.has(path)
  const values = 'choose' in choice ? [conflict[choice.choose]] : [local, upstream]
  return values.some((value) => fieldOf(value, 'executable') === true)
}
