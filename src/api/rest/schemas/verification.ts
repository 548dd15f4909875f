import { z } from '@hono/zod-openapi'
import { count } from './common.ts'

export const verificationRequestSchema = z
  .strictObject({
    fix: z.boolean().optional().openapi({
      description: 'If true, repairs the differences that can be repaired. No content is deleted.',
      example: false,
    }),
  })
  .openapi('VerificationRequest')

export const verificationSchema = z
  .strictObject({
    fix: z.boolean().openapi({ description: 'True if repairs were requested.', example: false }),
    packages: count('Packages compared.'),
    revisions: count('Revisions compared.'),
    blobs: count('Layers and configs read back and compared with their digests.'),
    differences: z
      .array(
        z.strictObject({
          repository: z
            .string()
            .openapi({ description: 'OCI repository with the difference.', example: 'blueprints/nf/upf' }),
          problem: z.string().openapi({
            description: 'How index and registry differ, or what cannot be read.',
            example: 'the tag v1 leads nowhere: it is of sha256:44136fa355b3678a',
          }),
          remedy: z.string().nullable().openapi({
            description: 'The repair; null if it needs a person.',
            example: 'set it',
          }),
          fixed: z.boolean().openapi({ description: 'True if it has been repaired.', example: false }),
        }),
      )
      .openapi({ description: 'The differences, by repository; empty if index and registry agree.' }),
    milliseconds: count('Duration in milliseconds.'),
  })
  .openapi('Verification', { description: 'The result of comparing index and registry.' })
