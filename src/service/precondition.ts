import { AppError } from '../core/errors.ts'

/** The object must have one of these resourceVersions; `any`: it must exist; undefined: no precondition. */
export type Precondition = 'any' | readonly string[] | undefined

/** Throws `precondition_failed` if the object has changed since the caller read it. */
export function checkPrecondition(name: string, resourceVersion: string, precondition: Precondition): void {
  if (precondition === undefined || precondition === 'any' || precondition.includes(resourceVersion)) return
  throw new AppError(
    'precondition_failed',
    `${name} has changed: its resourceVersion is now ${resourceVersion}. Nothing was done; read it again before you change it.`,
    { remedy: { do: 'change_again' } },
  )
}
