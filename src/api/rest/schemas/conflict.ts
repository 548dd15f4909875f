import { z } from '@hono/zod-openapi'
import { isTooDeep, MAX_DEPTH } from '../../../domain/krm/json-value.ts'
import type { Conflict } from '../../../domain/merge/conflict.ts'
import { isOpen, type RevisionConflict } from '../../../domain/merge/revision-conflict.ts'

const side = z.enum(['local', 'upstream'])

const value = (description: string, example: unknown) =>
  z.unknown().optional().openapi({ description, example })

/** Fields of every conflict, including those of a preview. */
const fields = {
  path: z.string().openapi({ description: 'Path of the file.', example: 'deployment.yaml' }),
  object: z.string().nullable().openapi({
    description:
      'API group, kind, namespace and name of the object, with `*` behind a `generateName`, and with a number if an object before it in the file has the same: `batch/Job run-* #2`. Null if the file does not consist of objects.',
    example: 'apps/Deployment core/upf',
  }),
  field: z.string().openapi({
    description:
      'Path of the field; the line numbers for a text file. Empty for the whole object or file: one side deleted it, or its text cannot hold the changes of both sides. The value of a whole file is its text, or `size` if it is binary; of an executable file it is an object with `executable`, and with `text` if it is text.',
    example: 'spec.template.spec.containers[name=upf].image',
  }),
  original: value('Value in the upstream revision that local is based on; absent if it had none.', 'upf:1.4'),
  local: value('Local value; absent if it was deleted.', 'upf:1.4-patched'),
  upstream: value('Value in the newer upstream revision; absent if it was deleted.', 'upf:1.5'),
  chosen: side.openapi({ description: 'The side whose value is in the draft.', example: 'local' }),
}

export const conflictSchema = z
  .strictObject(fields)
  .openapi('Conflict', { description: 'A value that upstream and local have changed differently.' })

export const revisionConflictSchema = z
  .strictObject({
    id: z.string().openapi({ description: 'Id of the conflict, unique within the revision.', example: '1' }),
    ...fields,
    resolved: z.boolean().openapi({ description: 'True if the conflict is resolved.', example: false }),
    resolution: z.enum(['edit', 'local', 'upstream', 'value']).nullable().openapi({
      description:
        'How it was resolved: by an edit of the field or file, by choosing a side, or with another value.',
      example: null,
    }),
  })
  .openapi('RevisionConflict', { description: 'A conflict of the upgrade that made the revision.' })

export const conflictListSchema = z
  .strictObject({ items: z.array(revisionConflictSchema) })
  .openapi('ConflictList')

export const resolutionSchema = z
  .strictObject({
    choose: side.optional().openapi({ description: 'The side whose value to take.', example: 'upstream' }),
    value: z
      .unknown()
      .optional()
      .refine((given) => !isTooDeep(given), {
        message: `must not be nested more than ${MAX_DEPTH} levels deep`,
      })
      .openapi({
        description:
          'Another value, any JSON, for the field or the object; or the text of a file without objects.',
        example: 'upf:1.5-patched',
      }),
  })
  .refine((body) => (body.choose === undefined) !== (body.value === undefined), {
    message: 'must have choose or value, and not both',
  })
  .openapi('ConflictResolution', { minProperties: 1, maxProperties: 1 })

export function toConflictView(conflict: Conflict): z.output<typeof conflictSchema> {
  return conflict
}

export function toRevisionConflictView({
  resolution,
  ...conflict
}: RevisionConflict): z.output<typeof revisionConflictSchema> {
  return { ...conflict, resolved: !isOpen({ resolution }), resolution }
}
