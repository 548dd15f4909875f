import { z } from '@hono/zod-openapi'
import { nothingHidden } from '../../../domain/schemas.ts'
import { freeText } from './common.ts'

const MAX_SETTERS = 256
const MAX_LENGTH = 65_536

const setters = z
  .record(z.string().min(1).max(256), freeText.max(MAX_LENGTH))
  .refine((setters) => Object.keys(setters).length <= MAX_SETTERS, {
    message: `must have at most ${MAX_SETTERS} setters`,
  })

export const settersSchema = nothingHidden('__proto__ is no name of a setter')
  .pipe(setters)
  .openapi({
    type: 'object',
    additionalProperties: { type: 'string', maxLength: MAX_LENGTH },
    description:
      'Values for the setters of the package, by name. They are written to the configuration of apply-setters in the pipeline of the Kptfile, and to the fields that are marked with `# kpt-set: …` comments. A field that held a string gets a string; one that held a number takes a number. The value for a list is a YAML list: `[a, b]`.',
    example: { image: 'nginx', tag: '1.27' },
  })
