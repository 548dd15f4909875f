/**
 * Schemas of what is stored as JSON in the index and in the registry: other versions may have written it, and it may
 * be damaged. Fields that a later version added are kept.
 */
import { z } from 'zod'
import { isLabel } from './names.ts'
import { SOURCE_FORMATS } from './repository-source.ts'

export const timeSchema = z.iso.datetime()
export const labelSchema = z.string().refine(isLabel, 'is no label')
export const labelsSchema = z.record(z.string(), z.string())

export const readinessGatesSchema = z.array(z.looseObject({ conditionType: z.string() }))

export const conditionsSchema = z.array(
  z.looseObject({
    type: z.string(),
    status: z.enum(['True', 'False', 'Unknown']),
    reason: z.string(),
    message: z.string(),
  }),
)

export const decisionSchema = z.looseObject({
  by: z.string(),
  at: timeSchema,
  reason: z.string().nullable(),
})

export const repositorySourceSchema = z.looseObject({
  // Sources that were stored before there were trees do not have it.
  format: z.enum(SOURCE_FORMATS).default('oci'),
  url: z.string(),
  packages: z.array(z.string()).nullable(),
  prereleases: z.boolean(),
  interval: z.string(),
})

/** Refuses `__proto__`, which z.record silently ignores. */
export function nothingHidden(message: string) {
  return z.unknown().superRefine((input, ctx) => {
    if (typeof input === 'object' && input !== null && Object.hasOwn(input, '__proto__'))
      ctx.addIssue({ code: 'custom', path: ['__proto__'], message })
  })
}
