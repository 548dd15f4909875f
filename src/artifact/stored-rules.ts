/**
 * The rules of the domain as schemas, for what the registry has: other clients can push anything there. Everything that
 * the service relies on is checked as if a client had sent it.
 */
import { z } from 'zod'
import { conditionsProblem } from '../domain/conditions.ts'
import { annotationsProblem, keyProblem, labelsProblem, labelValueProblem } from '../domain/labels.ts'
import { MAX_REVISION } from '../domain/package-revision.ts'
import { conditionsSchema, labelsSchema, readinessGatesSchema } from '../domain/schemas.ts'
import { parseVersion, VERSION_RULE } from '../domain/version.ts'

/** The parts of a value that have a rule, each with its problem. */
type Rule<T> = (value: T) => readonly (string | undefined)[]

function ruled<T>(schema: z.ZodType<T>, rule: Rule<T>): z.ZodType<T> {
  return schema.superRefine((value, context) => {
    const message = rule(value).find((problem) => problem !== undefined)
    if (message !== undefined) context.addIssue({ code: 'custom', message })
  })
}

export const revisionNumber = z.int().min(0).max(MAX_REVISION)

export const versionText = z.string().refine((text) => parseVersion(text) !== undefined, VERSION_RULE)

export const labels = ruled(labelsSchema, (given) => [
  labelsProblem(given),
  ...Object.keys(given).map(keyProblem),
  ...Object.values(given).map(labelValueProblem),
])

export const annotations = ruled(labelsSchema, (given) => [
  annotationsProblem(given),
  ...Object.keys(given).map(keyProblem),
])

export const conditions = ruled(conditionsSchema, (given) => [
  conditionsProblem(given),
  ...given.map(({ type }) => keyProblem(type)),
])

export const readinessGates = ruled(readinessGatesSchema, (given) =>
  given.map(({ conditionType }) => keyProblem(conditionType)),
)
