import type { z } from 'zod'
import { AppError } from '../core/errors.ts'
import { parseExact } from '../core/exact-json.ts'

/** Parses JSON of the index. Throws `internal`, naming what it is of, where the text is not what the schema says. */
export function parseStored<T>(schema: z.ZodType<T>, text: string, what: string): T {
  try {
    return schema.parse(parseExact(text))
  } catch (error) {
    throw new AppError('internal', `the index is damaged: ${what} cannot be read`, { cause: error })
  }
}
