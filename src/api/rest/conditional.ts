/** Conditional requests (RFC 9110, section 13). The ETag of an object is its resourceVersion. */
import type { Context } from 'hono'
import { AppError } from '../../core/errors.ts'
import { etag, parseEtags } from '../../http/etag.ts'
import type { Precondition } from '../../service/precondition.ts'

/** The If-Match of a call that requires it. Throws `precondition_required` without it. */
export function requiredPrecondition(c: Context): NonNullable<Precondition> {
  const precondition = optionalPrecondition(c)
  if (precondition !== undefined) return precondition
  throw new AppError(
    'precondition_required',
    'Send If-Match with the ETag of the object that you have seen, so that you do not overwrite a newer change; "If-Match: *" skips this check.',
  )
}

/** The If-Match of a call that allows it; undefined without it. */
export function optionalPrecondition(c: Context): Precondition {
  const header = c.req.header('If-Match')
  return header === undefined ? undefined : parsed('If-Match', parseEtags(header, 'strong'))
}

type Versioned = { resourceVersion: string }

export function setETag(c: Context, { resourceVersion }: Versioned): void {
  c.header('ETag', etag(resourceVersion))
}

/** Sets the ETag. Returns whether the client has this version already, and gets 304. */
export function isNotModified(c: Context, object: Versioned): boolean {
  setETag(c, object)
  const header = c.req.header('If-None-Match')
  if (header === undefined) return false
  const known = parsed('If-None-Match', parseEtags(header, 'weak'))
  return known === 'any' || known.includes(object.resourceVersion)
}

function parsed<Etags>(name: string, etags: Etags | undefined): Etags {
  if (etags !== undefined) return etags
  const message = `${name} must be "*" or ETags in quotes, like "42", separated by commas`
  throw new AppError('invalid', message)
}
