import { z } from '@hono/zod-openapi'
import type { Conflict } from '../../../domain/merge/conflict.ts'
import { isOpen, type RevisionConflict } from '../../../domain/merge/revision-conflict.ts'

const side = z.enum(['local', 'upstream'])

const value = (description: string, example: unknown) =>
  z.unknown().optional().openapi({ description, example })

/** What every conflict has, also one of an upgrade that is not made. */
const fields = {
  path: z.string().openapi({ description: 'The file that it is in.', example: 'deployment.yaml' }),
  object: z.string().nullable().openapi({
    description:
      'The object: API group, kind, namespace and name; null where the file is not made of objects.',
    example: 'apps/Deployment core/upf',
  }),
  field: z.string().openapi({
    description: 'The field; empty for the whole object or file, and the lines of a text.',
    example: 'spec.template.spec.containers[name=upf].image',
  }),
  original: value(
    'What it was in the upstream that local is based on; missing where it was not there.',
    'upf:1.4',
  ),
  local: value('What it is locally; missing where it was deleted.', 'upf:1.4-patched'),
  upstream: value('What it is in the newer upstream; missing where it was deleted.', 'upf:1.5'),
  chosen: side.openapi({ description: 'Whose value the merge has taken.', example: 'local' }),
}

export const conflictSchema = z
  .strictObject(fields)
  .openapi('Conflict', { description: 'What upstream and local have changed, each in its own way.' })

export const revisionConflictSchema = z
  .strictObject({
    id: z.string().openapi({ description: 'Unique within the revision.', example: '1' }),
    ...fields,
    resolved: z.boolean().openapi({ description: 'Whether it is decided.', example: false }),
    resolution: z.enum(['edit', 'local', 'upstream', 'value']).nullable().openapi({
      description: 'How: by an edit of the field or file, by choosing a side, or with another value.',
      example: null,
    }),
  })
  .openapi('RevisionConflict', { description: 'A conflict of the upgrade that made the revision.' })

export const conflictListSchema = z
  .strictObject({ items: z.array(revisionConflictSchema) })
  .openapi('ConflictList')

export const resolutionSchema = z
  .strictObject({
    choose: side.optional().openapi({ description: 'Whose value it gets.', example: 'upstream' }),
    value: z.unknown().optional().openapi({
      description:
        'Another value, any JSON: of the field or the object; the text of a file that has no objects.',
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
