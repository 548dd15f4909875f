import { z } from '@hono/zod-openapi'
import { keyProblem, labelValueProblem } from '../../../domain/labels.ts'
import { labelProblem, packageProblem } from '../../../domain/names.ts'
import { nothingHidden } from '../../../domain/schemas.ts'
import { parseVersion, VERSION_RULE } from '../../../domain/version.ts'

/** A string that is checked by a rule of the domain, which returns the problem or undefined. */
export function ruled(rule: (text: string) => string | undefined) {
  return z.string().superRefine((text, ctx) => {
    const problem = rule(text)
    if (problem) ctx.addIssue({ code: 'custom', message: problem })
  })
}

/** Text for people. Lone surrogates are refused: they have no encoding in UTF-8. */
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
    'Workspace: a DNS-1123 label that identifies this revision within the package. It cannot be used again, even after the revision is deleted.',
  pattern: LABEL_PATTERN,
  example: 'ws1',
})

export const version = ruled((text) => (parseVersion(text) ? undefined : VERSION_RULE)).openapi({
  description:
    'Version of the revision, given by its author: a semantic version whose build metadata is a single number. A package declares versions for all of its published revisions or for none; the first one decides.',
  example: '1.17.0+2',
})

export const labels = keyed(z.string(), labelValueProblem).openapi({
  type: 'object',
  description: 'Labels to filter lists by, with the syntax of Kubernetes; at most 256.',
  additionalProperties: { type: 'string' },
  example: { team: 'core', env: 'prod' },
})

export const annotations = keyed(freeText, () => undefined).openapi({
  type: 'object',
  description: 'Annotations: keys as in labels, any text as values; at most 256 KiB.',
  additionalProperties: { type: 'string' },
  example: { 'example.com/ticket': 'OPS-1234' },
})

export const labelsPatch = keyed(z.string().nullable(), labelValueProblem)
  .nullable()
  .openapi({
    type: ['object', 'null'],
    description: 'Labels to set; null removes a label, or, instead of the object, all labels.',
    additionalProperties: { type: ['string', 'null'] },
    example: { env: 'staging', obsolete: null },
  })

export const annotationsPatch = keyed(freeText.nullable(), () => undefined)
  .nullable()
  .openapi({
    type: ['object', 'null'],
    description:
      'Annotations to set; null removes an annotation, or, instead of the object, all annotations.',
    additionalProperties: { type: ['string', 'null'] },
    example: { 'example.com/ticket': null },
  })

const MAX_FAULTS = 100

function keyed<Value extends z.ZodType<string | null>>(
  value: Value,
  valueRule: (text: string) => string | undefined,
) {
  const record = z.record(z.string(), value).superRefine((map, ctx) => {
    let faults = 0
    for (const [key, text] of Object.entries(map)) {
      // Each costs more than the check, and the first ones tell enough.
      if (faults > MAX_FAULTS) return
      const keyFault = keyProblem(key)
      const valueFault = typeof text === 'string' ? valueRule(text) : undefined
      if (keyFault ?? valueFault) faults++
      if (keyFault) ctx.addIssue({ code: 'custom', path: [key], message: `the key ${keyFault}` })
      if (valueFault) ctx.addIssue({ code: 'custom', path: [key], message: `the value ${valueFault}` })
    }
  })
  return nothingHidden(`the key ${keyProblem('__proto__')}`).pipe(record)
}

export const resourceVersion = z.string().openapi({
  description:
    'Version of the object, which changes with each write; from one counter for all objects. In quotes it is the ETag.',
  example: '42',
})

export function timestamp(description: string) {
  return z.string().openapi({ format: 'date-time', description, example: '2026-11-20T10:15:30.123Z' })
}

export function actor(description: string) {
  return z.string().openapi({ description, example: 'anonymous' })
}

export const noQuery = z.strictObject({})

/** A boolean in a query. */
export function flag(description: string) {
  return z
    .enum(['true', 'false'])
    .transform((text) => text === 'true')
    .optional()
    .openapi({ type: 'boolean', description, example: true })
}

export const latest = flag('If true, only the latest revision of each package; if false, only the others.')
export const outdated = flag(
  'If true, only revisions whose upstream has a newer revision; if false, only those whose upstream has none. Revisions without an upstream match neither.',
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
    description: 'Maximum number of items in the response.',
    example: 100,
  })

export const continueToken = z.string().optional().openapi({
  description:
    'Token for the next page: `continue` of the previous response. All other parameters must be the same.',
  example: 'kq0mF3…',
})

/** The part of a query that every list has. */
export const pageQuery = { limit, continue: continueToken }

type PageQuery = { limit: number; continue?: string | undefined }

/** Separates the page that a query asks for from its filter. */
export function splitQuery<Query extends PageQuery>(query: Query) {
  const { limit: most, continue: token, ...filter } = query
  return { filter, page: { limit: most, continue: token } }
}

/** A number that is not negative. */
export function count(description: string, example = 3) {
  return z.int().min(0).openapi({ description, example })
}

/** The response of a list. */
export function listOf<Item extends z.ZodType>(item: Item, name: string) {
  return z
    .strictObject({
      items: z.array(item),
      continue: z.string().optional().openapi({
        description: 'Token for the next page; absent on the last page.',
        example: 'kq0mF3…',
      }),
      resourceVersion: z.string().openapi({
        description: 'resourceVersion of the whole server when the list was made.',
        example: '1042',
      }),
    })
    .openapi(name)
}
