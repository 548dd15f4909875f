import { AppError } from '../core/errors.ts'

/** `entry` is the name of the archive's entry that is at fault, where it is one. */
export function invalidArchive(message: string, entry?: string): AppError {
  return new AppError(
    'invalid_archive',
    message,
    entry === undefined ? {} : { details: [{ path: entry, message }] },
  )
}
