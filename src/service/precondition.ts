import { AppError } from '../core/errors.ts'

/**
 * The resourceVersions of which the object must have one now; "any" for an object that only has to exist, undefined
 * for a call without a condition.
 */
export type Precondition = 'any' | readonly string[] | undefined

/** Throws `precondition_failed` for an object that somebody has changed in between. */
export function checkPrecondition(name: string, resourceVersion: string, precondition: Precondition): void {
  if (precondition === undefined || precondition === 'any' || precondition.includes(resourceVersion)) return
  throw new AppError(
    'precondition_failed',
    `${name} has changed: its resourceVersion is now ${resourceVersion}. Nothing was done; read it again before you change it.`,
    { remedy: { do: 'change_again' } },
  )
}
