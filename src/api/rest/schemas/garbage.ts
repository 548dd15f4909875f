import { z } from '@hono/zod-openapi'
import { count } from './common.ts'

export const garbageRequestSchema = z
  .strictObject({
    dryRun: z.boolean().optional().openapi({
      description: 'If true, reports what would be removed, and removes nothing.',
      example: true,
    }),
  })
  .openapi('GarbageRequest')

const digest = z.string().openapi({
  description: 'Digest of the removed item.',
  example: 'sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a',
})
const repository = z
  .string()
  .openapi({ description: 'OCI repository that contained it.', example: 'blueprints/nf/upf' })

export const garbageReportSchema = z
  .strictObject({
    dryRun: z
      .boolean()
      .openapi({ description: 'True if this was a dry run that removed nothing.', example: true }),
    manifests: count('Untagged manifests that nothing references.'),
    links: count(
      'References from a repository to blobs that none of its manifests need. The blobs may still be in other repositories.',
    ),
    blobs: count('Blobs that are in no repository any more.'),
    bytes: count('Size of the removed manifests and blobs, in bytes.'),
    uploads: count('Abandoned uploads.'),
    milliseconds: count('Duration in milliseconds.'),
    skipped: z
      .array(
        z.strictObject({
          repository,
          reason: z
            .string()
            .openapi({ description: 'Why it was skipped.', example: 'the manifest is not JSON' }),
        }),
      )
      .openapi({ description: 'OCI repositories that were skipped.' }),
    interrupted: z.boolean().openapi({
      description: 'True if it stopped early because another process collects garbage in the same store.',
      example: false,
    }),
    items: z
      .array(
        z.discriminatedUnion('kind', [
          z.strictObject({ kind: z.enum(['manifest', 'link']), repository, digest }),
          z.strictObject({ kind: z.literal('blob'), digest, size: count('Size in bytes.') }),
        ]),
      )
      .openapi({ description: 'The first 1000 removed items.' }),
  })
  .openapi('GarbageReport', { description: 'The result of a garbage collection, or of a dry run.' })
