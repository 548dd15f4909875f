import type { z } from '@hono/zod-openapi'
import { AppError } from '../../core/errors.ts'

/** Names of the parts of a request in the paths of errors. */
const SHOWN: Record<string, string> = { json: 'body' }

/** The error for a part of a request that does not match its schema. */
export function invalidRequest(target: string, { issues }: z.core.$ZodError): AppError {
  const details = issues.map(({ path, message }) => ({
    path: [SHOWN[target] ?? target, ...path].join('.'),
    message,
  }))
  const shown = details.slice(0, 5).map(({ path, message }) => `${path}: ${message}`)
  return new AppError('invalid', shown.join('; '), { details })
}
