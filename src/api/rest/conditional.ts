/** Conditional requests, RFC 9110 section 13: the ETag of an object is its resourceVersion. */
import type { Context } from 'hono'
import { AppError } from '../../core/errors.ts'
import { parseEtags } from '../../http/etag.ts'
import type { Precondition } from '../../service/precondition.ts'

/** If-Match of a call that must not be made blindly. Throws `precondition_required` without it. */
export function requiredPrecondition(c: Context): NonNullable<Precondition> {
  const precondition = optionalPrecondition(c)
  if (precondition !== undefined) return precondition
  throw new AppError(
    'precondition_required',
    'Send If-Match with the ETag of the object that you have seen, so that nobody else\'s change is overwritten; "If-Match: *" goes ahead whatever it is now.',
  )
}

/** If-Match of a call that may be made without it. */
export function optionalPrecondition(c: Context): Precondition {
  const header = c.req.header('If-Match')
  return header === undefined ? undefined : parsed('If-Match', parseEtags(header, 'strong'))
}

/** Whether the client has this version already, and so gets 304. */
export function isNotModified(c: Context, resourceVersion: string): boolean {
  const header = c.req.header('If-None-Match')
  if (header === undefined) return false
  const known = parsed('If-None-Match', parseEtags(header, 'weak'))
  return known === 'any' || known.includes(resourceVersion)
}

function parsed<Etags>(name: string, etags: Etags | undefined): Etags {
  if (etags !== undefined) return etags
  const message = `${name}: ETags are in quotes, like "42", several of them separated by commas`
  throw new AppError('invalid', message)
}
