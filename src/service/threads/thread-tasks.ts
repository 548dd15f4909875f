import { AppError } from '../../core/errors.ts'
import { diffResources } from '../../domain/diff/diff-resources.ts'
import { cloneResources } from '../../domain/kpt/clone-resources.ts'
import { type MergeInput, mergePackage } from '../../domain/merge/merge-package.ts'
import { editedConflicts, settleConflict } from '../../domain/merge/settle-conflicts.ts'
import { readKnownKrmFile } from './krm-file-cache.ts'
import { prepareResources } from './prepare-resources.ts'

/**
 * What takes the processor's time, and is done in threads (`work-pool.ts`): functions of one argument, which they
 * get and answer as copies.
 */
const WORK = {
  prepare: prepareResources,
  clone: cloneResources,
  diff: diffResources,
  merge: (input: MergeInput) => mergePackage(input, readKnownKrmFile),
  edited: editedConflicts,
  settle: settleConflict,
}

export type Work = typeof WORK
export const TASK_NAMES = Object.keys(WORK) as (keyof Work)[]
export type Task = { [Name in keyof Work]: { name: Name; input: Parameters<Work[Name]>[0] } }[keyof Work]

/** What comes of a task. An `AppError` would not stay one between threads. */
export type Outcome = (
  | { result: unknown }
  | { failure: Pick<AppError, 'code' | 'message' | 'details' | 'remedy'> }
) & {
  /** How long it took, in milliseconds. */
  worked: number
}

/** What a thread runs. */
export function doWork({ name, input }: Task): Outcome {
  const start = performance.now()
  const worked = () => performance.now() - start
  try {
    return { result: (WORK[name] as (input: unknown) => unknown)(input), worked: worked() }
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    const { code, message, details, remedy } = error
    return { failure: { code, message, details, remedy }, worked: worked() }
  }
}
