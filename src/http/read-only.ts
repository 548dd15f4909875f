import type { MiddlewareHandler } from 'hono'
import { AppError } from '../core/errors.ts'

/** Throws `insufficient_storage` for operations that write to the disk while there is a reason to refuse them. */
export function readOnly(refusal: () => string | undefined): MiddlewareHandler {
  return function readOnly(c, next) {
    const reason = c.get('operation')?.writesDisk ? refusal() : undefined
    if (reason !== undefined) throw new AppError('insufficient_storage', reason)
    return next()
  }
}
