import { AppError } from '../core/errors.ts'

/** `entry` names the entry at fault, if the error is about one. */
export function invalidArchive(message: string, entry?: string): AppError {
  return new AppError(
    'invalid_archive',
    message,
    entry === undefined ? {} : { details: [{ path: entry, message }] },
  )
}
