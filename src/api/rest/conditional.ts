/** Conditional requests, RFC 9110 section 13: the ETag of an object is its resourceVersion. */
import type { Context } from 'hono'
import { AppError } from '../../errors.ts'
import type { Precondition } from '../../service/precondition.ts'

const ETAGS = /^\s*(?:(?:W\/)?"[^"]*"\s*(?:,\s*|$))+$/

export function etag(resourceVersion: string): string {
  return `"${resourceVersion}"`
}

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
  if (header === undefined) return undefined
  if (header.trim() === '*') return 'any'
  // Weak tags never match here (RFC 9110, 13.1.1), so they name no resourceVersion.
  return parseTags('If-Match', header)
    .filter((tag) => !tag.startsWith('W/'))
    .map(unquoted)
}

/** Whether the client has this version already, and so gets 304. */
export function isNotModified(c: Context, resourceVersion: string): boolean {
  const header = c.req.header('If-None-Match')
  if (header === undefined) return false
  if (header.trim() === '*') return true
  return parseTags('If-None-Match', header).some(
    (tag) => unquoted(tag.replace(/^W\//, '')) === resourceVersion,
  )
}

function parseTags(name: string, header: string): string[] {
  if (!ETAGS.test(header)) {
    throw new AppError(
      'invalid',
      `${name}: ETags are in quotes, like "42", several of them separated by commas`,
    )
  }
  return header.match(/(?:W\/)?"[^"]*"/g) ?? []
}

function unquoted(tag: string): string {
  return tag.slice(1, -1)
}
