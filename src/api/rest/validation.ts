import type { z } from '@hono/zod-openapi'
import { AppError } from '../../core/errors.ts'

/** How the parts of a request are called in the paths of errors. */
const SHOWN: Record<string, string> = { json: 'body' }

/** What is wrong with a part of a request, as the error that its sender gets. */
export function invalidRequest(target: string, { issues }: z.core.$ZodError): AppError {
  const details = issues.map(({ path, message }) => ({
    path: [SHOWN[target] ?? target, ...path].join('.'),
    message,
  }))
  const shown = details.slice(0, 5).map(({ path, message }) => `${path}: ${message}`)
  return new AppError('invalid', shown.join('; '), { details })
}
