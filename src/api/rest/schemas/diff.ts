import { z } from '@hono/zod-openapi'
import type { FileDiff } from '../../../domain/diff/diff-resources.ts'
import { formatFieldPath } from '../../../domain/krm/field-path.ts'

const fieldChangeSchema = z.strictObject({
  field: z.string().openapi({
    description: 'Path of the field. List items are identified by their merge key.',
    example: 'spec.template.spec.containers[name=upf].image',
  }),
  before: z.unknown().optional().openapi({
    description: 'Old value, any JSON; absent if the field is new.',
    example: 'registry.example.com/upf:1.4',
  }),
  after: z.unknown().optional().openapi({
    description: 'New value, any JSON; absent if the field was removed.',
    example: 'registry.example.com/upf:1.5',
  }),
})

const objectDiffSchema = z.strictObject({
  object: z.string().openapi({
    description:
      'API group, kind, namespace and name of the object, with `*` behind a `generateName`, and with a number if an object before it in the file has the same: `batch/Job run-* #2`. Objects in a `List` are listed by themselves.',
    example: 'apps/Deployment core/upf',
  }),
  change: z.enum(['added', 'removed', 'moved', 'changed']).openapi({
    description:
      '`moved`: the same object in another file. A moved object with other changes is `changed`, with `from`.',
    example: 'changed',
  }),
  from: z.string().optional().openapi({
    description: 'Path of the file that contained the object before, if it has moved.',
    example: 'all.yaml',
  }),
  fields: z
    .array(fieldChangeSchema)
    .openapi({ description: 'The changed fields of an object that is on both sides.' }),
})

export const fileDiffSchema = z
  .strictObject({
    path: z.string().openapi({
      description: 'Path of the file; for a removed file, its old path.',
      example: 'upf.yaml',
    }),
    change: z.enum(['added', 'removed', 'renamed', 'changed']).openapi({
      description: 'Kind of change. A renamed file may have other changes too.',
      example: 'changed',
    }),
    from: z
      .string()
      .optional()
      .openapi({ description: 'Old path of a renamed file.', example: 'deployment.yaml' }),
    executable: z.boolean().optional().openapi({
      description:
        'Whether the file is executable now (mode 0755, not 0644); absent if that has not changed. A new file without it is not executable.',
      example: true,
    }),
    binary: z
      .boolean()
      .openapi({ description: 'True if the file is not text on one of the sides.', example: false }),
    addedLines: z.int().openapi({ description: 'Number of added lines; 0 for a binary file.', example: 1 }),
    removedLines: z
      .int()
      .openapi({ description: 'Number of removed lines; 0 for a binary file.', example: 1 }),
    patch: z.string().openapi({
      description: 'Patch in the format of git, for `git apply`.',
      example:
        'diff --git a/upf.yaml b/upf.yaml\nindex 6b1f…..d2c4… 100644\n--- a/upf.yaml\n+++ b/upf.yaml\n@@ -4 +4 @@\n-  replicas: 1\n+  replicas: 2\n',
    }),
    objects: z.array(objectDiffSchema).optional().openapi({
      description:
        'The changed KRM objects; empty if only comments or formatting differ. Absent for files that contain anything else than KRM objects, and if more than 16 MiB of YAML differ.',
    }),
  })
  .openapi('FileDiff')

export const diffSchema = z
  .strictObject({
    from: z.string().nullable().openapi({
      description: 'Name of the revision on the old side; null if compared with no files.',
      example: 'blueprints.nf.upf.ws1',
    }),
    to: z
      .string()
      .openapi({ description: 'Name of the revision on the new side.', example: 'blueprints.nf.upf.ws2' }),
    files: z.array(fileDiffSchema).openapi({ description: 'The files that differ, sorted by path.' }),
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
