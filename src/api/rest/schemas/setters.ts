import { z } from '@hono/zod-openapi'
import { freeText } from './common.ts'

const MAX_SETTERS = 256

export const settersSchema = z
  .record(z.string().min(1).max(256), freeText.max(65_536))
  .refine((setters) => Object.keys(setters).length <= MAX_SETTERS, {
    message: `must have at most ${MAX_SETTERS} setters`,
  })
  .openapi({
    description:
      'Values for the setters of the package, by name. They are written to the configuration of apply-setters in the pipeline of the Kptfile, and to the fields that are marked with `# kpt-set: …` comments. A field that held a string gets a string; one that held a number takes a number. The value for a list is a YAML list: `[a, b]`.',
    example: { image: 'nginx', tag: '1.27' },
  })
