import { z } from '@hono/zod-openapi'
import type { FileDiff } from '../../../domain/diff/diff-resources.ts'
import { formatFieldPath } from '../../../domain/krm/field-path.ts'

const fieldChangeSchema = z.strictObject({
  field: z.string().openapi({
    description: 'The field; items of lists by what tells them apart.',
    example: 'spec.template.spec.containers[name=upf].image',
  }),
  before: z.unknown().optional().openapi({
    description: 'What it was, any JSON; missing where the field was not there.',
    example: 'registry.example.com/upf:1.4',
  }),
  after: z.unknown().optional().openapi({
    description: 'What it is, any JSON; missing where the field is not there.',
    example: 'registry.example.com/upf:1.5',
  }),
})

const objectDiffSchema = z.strictObject({
  object: z.string().openapi({
    description: 'The object: API group, kind, namespace and name.',
    example: 'apps/Deployment core/upf',
  }),
  change: z.enum(['added', 'removed', 'moved', 'changed']).openapi({
    description:
      '`moved`: only to another file. One that was changed as well is `changed`, and has `from` too.',
    example: 'changed',
  }),
  from: z.string().optional().openapi({
    description: 'Path of the file that the object was in, where it is in another one now.',
    example: 'all.yaml',
  }),
  fields: z
    .array(fieldChangeSchema)
    .openapi({ description: 'The fields that differ, of an object that is there before and after.' }),
})

export const fileDiffSchema = z
  .strictObject({
    path: z.string().openapi({
      description: 'Path of the file: as it is now, or of a removed one as it was.',
      example: 'upf.yaml',
    }),
    change: z.enum(['added', 'removed', 'renamed', 'changed']).openapi({
      description: 'What became of the file. A renamed one may be changed as well.',
      example: 'changed',
    }),
    from: z
      .string()
      .optional()
      .openapi({ description: 'Path that a renamed file had before.', example: 'deployment.yaml' }),
    binary: z.boolean().openapi({ description: 'Whether it is no text, before or after.', example: false }),
    addedLines: z.int().openapi({ description: 'How many lines are new; 0 in a binary file.', example: 1 }),
    removedLines: z
      .int()
      .openapi({ description: 'How many lines are gone; 0 in a binary file.', example: 1 }),
    patch: z.string().openapi({
      description: 'The difference as git writes it: `git apply` takes it.',
      example:
        'diff --git a/upf.yaml b/upf.yaml\nindex 6b1f…..d2c4… 100644\n--- a/upf.yaml\n+++ b/upf.yaml\n@@ -4 +4 @@\n-  replicas: 1\n+  replicas: 2\n',
    }),
    objects: z.array(objectDiffSchema).optional().openapi({
      description:
        'How the KRM objects of the file differ; empty where only comments or the layout do. Missing for files that are not made of KRM objects alone, and where more than 16 MiB of YAML differ.',
    }),
  })
  .openapi('FileDiff')

export const diffSchema = z
  .strictObject({
    from: z.string().nullable().openapi({
      description: 'Name of the revision on the old side; null for no files at all.',
      example: 'blueprints.nf.upf.ws1',
    }),
    to: z
      .string()
      .openapi({ description: 'Name of the revision on the new side.', example: 'blueprints.nf.upf.ws2' }),
    files: z
      .array(fileDiffSchema)
      .openapi({ description: 'The files that differ, sorted by path; empty where none does.' }),
  })
  .openapi('Diff')

export function toFileDiffView({ objects, ...file }: FileDiff): z.output<typeof fileDiffSchema> {
  if (!objects) return file
  return {
    ...file,
    objects: objects.map(({ fields, ...object }) => ({
      ...object,
      fields: fields.map(({ field, ...values }) => ({ field: formatFieldPath(field), ...values })),
    })),
  }
}
