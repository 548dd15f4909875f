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
      "Values for the package's setters, by name: those of a function apply-setters in the Kptfile's pipeline, and those that comments `# kpt-set: …` refer to. They are put where both say. The value for a list is a list in YAML: `[a, b]`.",
    example: { image: 'nginx', tag: '1.27' },
  })
