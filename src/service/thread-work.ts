import { cloneResources } from '../package/clone-resources.ts'
import { diffResources } from '../package/diff/diff-resources.ts'
import { prepareResources } from './prepare.ts'

/**
 * What takes the processor's time, and is done in threads (`work-pool.ts`): functions of one argument, which they
 * get and answer as copies.
 */
const WORK = { prepare: prepareResources, diff: diffResources, clone: cloneResources }

export type Work = typeof WORK
export type Task = { [Name in keyof Work]: { name: Name; input: Parameters<Work[Name]>[0] } }[keyof Work]

/** What a thread runs. */
export function doWork({ name, input }: Task): unknown {
  return (WORK[name] as (input: unknown) => unknown)(input)
}
