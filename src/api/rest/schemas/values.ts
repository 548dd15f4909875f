import { z } from '@hono/zod-openapi'
import { version } from './common.ts'

const text = (description: string, example: string) => z.string().max(1024).openapi({ description, example })

const keyReference = (kind: string) =>
  z.strictObject({
    name: text(`Name of the ${kind}.`, 'settings'),
    namespace: text('Its namespace.', 'shop').optional(),
    key: text('Key of the value in it.', 'host'),
  })

const valueReferenceSchema = z
  .strictObject({
    configMapRef: keyReference('ConfigMap').openapi('ConfigMapReference').optional(),
    secretRef: keyReference('Secret').openapi('SecretReference').optional(),
    packageRef: z
      .strictObject({ name: text('Name of the package.', 'db'), value: text('Name of its value.', 'host') })
      .openapi('PackageReference')
      .optional(),
  })
  .openapi('ValueReference', {
    description: 'Exactly one of the fields. The value itself is only known in a cluster.',
  })

const valueSchema = z
  .strictObject({
    value: z
      .string()
      .optional()
      .openapi({ description: 'The value; also of numbers and booleans.', example: '3' }),
    valueFrom: valueReferenceSchema.optional(),
  })
  .openapi('ValueConfiguration', { description: 'A text or a reference.' })

export const valuesRequestSchema = z
  .strictObject({
    version: version.optional().openapi({ description: 'Version of the package; by default the latest.' }),
    values: z.record(z.string().max(512), valueSchema).openapi({
      description: 'By name, as a client puts them into `spec.values`.',
      example: { replicas: { value: '3' } },
    }),
  })
  .openapi('ValuesRequest')

export const valuesResultSchema = z
  .strictObject({
    version: version.openapi({ description: 'Version whose rules were applied.' }),
    valid: z.boolean().openapi({ description: 'True if no rule is violated.', example: false }),
    violations: z
      .array(
        z
          .strictObject({
            name: z.string().openapi({ description: 'Name of the value.', example: 'replicas' }),
            rule: z.string().openapi({ description: 'The rule that is violated.', example: 'max' }),
            message: z
              .string()
              .openapi({ description: 'What is wrong, and what to do.', example: 'must be at most 5' }),
          })
          .openapi('ValueViolation'),
      )
      .openapi({ description: 'All violations.' }),
  })
  .openapi('ValuesResult')

export const valuesSchemaSchema = z.looseObject({}).openapi('ValuesSchema', {
  description: 'A JSON Schema (draft 2020-12) of an object with the values as strings.',
  example: {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    properties: { replicas: { type: 'string', title: 'Replicas', pattern: '^[-+]?[0-9]+$' } },
    required: ['replicas'],
    additionalProperties: false,
  },
})
