import { z } from '@hono/zod-openapi'
import { count } from './common.ts'

export const garbageRequestSchema = z
  .strictObject({
    dryRun: z
      .boolean()
      .optional()
      .openapi({ description: 'Find out what would be removed, and remove nothing.', example: true }),
  })
  .openapi('GarbageRequest')

const digest = z.string().openapi({
  description: 'Digest of what was removed.',
  example: 'sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a',
})
const repository = z
  .string()
  .openapi({ description: 'OCI repository in which it was.', example: 'blueprints/nf/upf' })

export const garbageReportSchema = z
  .strictObject({
    dryRun: z.boolean().openapi({ description: 'Whether nothing was removed in truth.', example: true }),
    manifests: count('Manifests without tags that nothing needs.'),
    links: count('Blobs that a repository had and no manifest of it needs; others may still have them.'),
    blobs: count('Blobs that no repository has any more.'),
    bytes: count('What these manifests and blobs took, in bytes.'),
    uploads: count('Uploads that nobody has gone on with.'),
    milliseconds: count('How long it took.'),
    skipped: z
      .array(
        z.strictObject({
          repository,
          reason: z
            .string()
            .openapi({ description: 'Why nothing was removed there.', example: 'the manifest is not JSON' }),
        }),
      )
      .openapi({ description: 'OCI repositories in which nothing was removed.' }),
    interrupted: z.boolean().openapi({
      description: 'Whether it was cut short, as another process collects in the same store.',
      example: false,
    }),
    items: z
      .array(
        z.discriminatedUnion('kind', [
          z.strictObject({ kind: z.enum(['manifest', 'link']), repository, digest }),
          z.strictObject({ kind: z.literal('blob'), digest, size: count('In bytes.') }),
        ]),
      )
      .openapi({ description: 'What was removed; the first 1000 of it.' }),
  })
  .openapi('GarbageReport', { description: 'What a collection of garbage has removed, or would remove.' })

export type GarbageReportView = z.output<typeof garbageReportSchema>
