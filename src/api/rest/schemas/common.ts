import { z } from '@hono/zod-openapi'
import { keyProblem, labelValueProblem } from '../../../domain/labels.ts'
import { labelProblem, packageProblem } from '../../../domain/names.ts'
import { parseVersion, VERSION_RULE } from '../../../domain/version.ts'

/** A string that a rule of the domain judges; `undefined` is its praise. */
function ruled(rule: (text: string) => string | undefined) {
  return z.string().superRefine((text, ctx) => {
    const problem = rule(text)
    if (problem) ctx.addIssue({ code: 'custom', message: problem })
  })
}

/** Text for people. A lone surrogate is no character: it could be stored nowhere as it came. */
export const freeText = ruled((text) => (text.isWellFormed() ? undefined : 'must not have lone surrogates'))

const LABEL_PATTERN = '^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$'

export const repositoryName = ruled(labelProblem).openapi({
  description: 'Name of the repository: a DNS-1123 label.',
  pattern: LABEL_PATTERN,
  example: 'blueprints',
})

export const webhookName = ruled(labelProblem).openapi({
  description: 'Name of the webhook: a DNS-1123 label.',
  pattern: LABEL_PATTERN,
  example: 'flux',
})

export const packagePath = ruled(packageProblem).openapi({
  description: 'Path of the package in its repository: one or more DNS-1123 labels, separated by "/".',
  example: 'nf/upf',
})

export const workspaceName = ruled(labelProblem).openapi({
  description:
    'Workspace: a DNS-1123 label that names this revision of the package, as a draft and for ever after. It is used once, also when the revision is deleted.',
  pattern: LABEL_PATTERN,
  example: 'ws1',
})

export const version = ruled((text) => (parseVersion(text) ? undefined : VERSION_RULE)).openapi({
  description:
    'Version that the author gives to the revision: semver, its build metadata a single number. A package declares versions for all its publications or for none; the first one decides.',
  example: '1.17.0+2',
})

export const labels = keyed(z.string(), labelValueProblem).openapi({
  type: 'object',
  description: 'Labels, with the grammar of Kubernetes, at most 256: lists can be filtered by them.',
  additionalProperties: { type: 'string' },
  example: { team: 'core', env: 'prod' },
})

export const annotations = keyed(freeText, () => undefined).openapi({
  type: 'object',
  description: 'Annotations: keys as in labels, any text as value, 256 KiB in all.',
  additionalProperties: { type: 'string' },
  example: { 'example.com/ticket': 'OPS-1234' },
})

export const labelsPatch = keyed(z.string().nullable(), labelValueProblem)
  .nullable()
  .openapi({
    type: ['object', 'null'],
    description: 'Labels to set; null as value removes that label, null instead of the object removes all.',
    additionalProperties: { type: ['string', 'null'] },
    example: { env: 'staging', obsolete: null },
  })

export const annotationsPatch = keyed(freeText.nullable(), () => undefined)
  .nullable()
  .openapi({
    type: ['object', 'null'],
    description:
      'Annotations to set; null as value removes that one, null instead of the object removes all.',
    additionalProperties: { type: ['string', 'null'] },
    example: { 'example.com/ticket': null },
  })

function keyed<Value extends z.ZodType<string | null>>(
  value: Value,
  valueRule: (text: string) => string | undefined,
) {
  // A record passes over `__proto__` in silence.
  const nothingHidden = z.unknown().superRefine((input, ctx) => {
    if (typeof input === 'object' && input !== null && Object.hasOwn(input, '__proto__')) {
      ctx.addIssue({ code: 'custom', path: ['__proto__'], message: `the key ${keyProblem('__proto__')}` })
    }
  })
  const record = z.record(z.string(), value).superRefine((map, ctx) => {
    for (const [key, text] of Object.entries(map)) {
      const keyFault = keyProblem(key)
      const valueFault = typeof text === 'string' ? valueRule(text) : undefined
      if (keyFault) ctx.addIssue({ code: 'custom', path: [key], message: `the key ${keyFault}` })
      if (valueFault) ctx.addIssue({ code: 'custom', path: [key], message: `the value ${valueFault}` })
    }
  })
  return nothingHidden.pipe(record)
}

export const resourceVersion = z.string().openapi({
  description:
    'Version of the object: it changes with each write, from one counter for all objects. The ETag of the object is this in quotes.',
  example: '42',
})

/** When something was done. */
export function timestamp(description: string) {
  return z.string().openapi({ format: 'date-time', description, example: '2026-11-20T10:15:30.123Z' })
}

/** Who did something. */
export function actor(description: string) {
  return z.string().openapi({ description, example: 'anonymous' })
}

export const noQuery = z.strictObject({})

/** A yes or no in a query. */
export function flag(description: string) {
  return z
    .enum(['true', 'false'])
    .transform((text) => text === 'true')
    .optional()
    .openapi({ type: 'boolean', description, example: true })
}

export const latest = flag('Only the latest revision of each package, or all others.')
export const outdated = flag(
  'Only revisions whose upstream has a newer revision, or only those whose upstream has none. What has no upstream is neither.',
)

export const limit = z
  .string()
  .regex(/^[0-9]{1,6}$/, 'must be a whole number from 1 to 1000')
  .transform(Number)
  .refine((number) => number >= 1 && number <= 1000, 'must be a whole number from 1 to 1000')
  .default(100)
  .openapi({
    type: 'integer',
    minimum: 1,
    maximum: 1000,
    default: 100,
    description: 'The most items that the answer has.',
    example: 100,
  })

export const continueToken = z.string().optional().openapi({
  description: 'For the next page: `continue` of the answer before, with all other parameters as they were.',
  example: 'kq0mF3…',
})

/** How many, or how long. */
export function count(description: string, example = 3) {
  return z.int().min(0).openapi({ description, example })
}

/** The answer of a list. */
export function listOf<Item extends z.ZodType>(item: Item, name: string) {
  return z
    .strictObject({
      items: z.array(item),
      continue: z.string().optional().openapi({
        description: 'There is more: the token for the next page.',
        example: 'kq0mF3…',
      }),
      resourceVersion: z.string().openapi({
        description: 'State of the whole index when the list was made.',
        example: '1042',
      }),
    })
    .openapi(name)
}
