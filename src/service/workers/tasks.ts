import { AppError } from '../../core/errors.ts'
import { checkValues, valuesSchema } from './manifest-tasks.ts'
import {
  clone,
  diff,
  edited,
  inspect,
  merge,
  patch,
  prepare,
  preview,
  settle,
  upgrade,
} from './package-tasks.ts'
import { impact, resolve } from './resolution-tasks.ts'
import { filesOfManifest, packageIndex, repositoryIndex } from './tree-tasks.ts'

/**
 * CPU-bound work that runs in worker processes (`worker-pool.ts`): functions of one argument. Arguments and results are
 * copied between the processes. Metrics and traces show the keys as names of tasks.
 */
const TASKS = {
  checkValues,
  clone,
  diff,
  edited,
  filesOfManifest,
  impact,
  inspect,
  merge,
  packageIndex,
  patch,
  prepare,
  preview,
  repositoryIndex,
  resolve,
  settle,
  upgrade,
  valuesSchema,
}

export type Tasks = typeof TASKS
export const TASK_NAMES = Object.keys(TASKS) as (keyof Tasks)[]
export type Task = { [Name in keyof Tasks]: { name: Name; input: Parameters<Tasks[Name]>[0] } }[keyof Tasks]

/** The result of a task, or the facts of its `AppError`, which would lose its class between processes, or another error. */
export type Outcome = (
  | { result: unknown }
  | { failure: Pick<AppError, 'code' | 'message' | 'details' | 'remedy'> }
  | { error: unknown }
) & {
  /** Milliseconds that the task took. */
  worked: number
}

export async function runTask({ name, input }: Task): Promise<Outcome> {
  const start = performance.now()
  const worked = () => performance.now() - start
  try {
    return { result: await (TASKS[name] as (input: unknown) => unknown)(input), worked: worked() }
  } catch (error) {
    if (!(error instanceof AppError)) return { error, worked: worked() }
    const { code, message, details, remedy } = error
    return { failure: { code, message, details, remedy }, worked: worked() }
  }
}
