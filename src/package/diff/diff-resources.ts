/** How the files of two revisions differ. */
import type { FieldChange } from '../krm/field-changes.ts'
import type { Resources } from '../resources.ts'

export type ObjectDiff = {
  /** As `formatIdentity` writes it. */
  object: string
  change: 'added' | 'removed' | 'changed'
  fields: FieldChange[]
}

export type FileDiff = {
  path: string
  change: 'added' | 'removed' | 'renamed' | 'changed'
  /** The path that it had before, where it is renamed. */
  from?: string
  binary: boolean
  /** Unified, with the headers of git: `git apply` takes it. */
  patch: string
  /** Of KRM files: how their objects differ. */
  objects: ObjectDiff[]
}

export type ResourcesDiff = { files: FileDiff[] }

export function diffResources({ before, after }: { before: Resources; after: Resources }): ResourcesDiff {
  const paths = [...new Set([...before.keys(), ...after.keys()])].sort()
  return {
    files: paths.map((path) => ({ path, change: 'changed', binary: false, patch: '', objects: [] })),
  }
}
