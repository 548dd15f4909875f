import { z } from '@hono/zod-openapi'
import { count } from './common.ts'

export const verificationRequestSchema = z
  .strictObject({
    fix: z
      .boolean()
      .optional()
      .openapi({ description: 'Repair what can be repaired. No content is deleted.', example: false }),
  })
  .openapi('VerificationRequest')

export const verificationSchema = z
  .strictObject({
    fix: z.boolean().openapi({ description: 'Whether it was to repair.', example: false }),
    packages: count('Packages that were looked at.'),
    revisions: count('Revisions that were looked at.'),
    blobs: count('Layers and configs that were read back and compared with their digests.'),
    differences: z
      .array(
        z.strictObject({
          repository: z
            .string()
            .openapi({ description: 'OCI repository in which it is.', example: 'blueprints/nf/upf' }),
          problem: z.string().openapi({
            description: 'In what index and registry differ, or what cannot be read.',
            example: 'the tag v1 leads nowhere: it is of sha256:44136fa355b3678a',
          }),
          remedy: z.string().nullable().openapi({
            description: 'What repairs it; null where only a person can.',
            example: 'set it',
          }),
          fixed: z.boolean().openapi({ description: 'Whether it is repaired now.', example: false }),
        }),
      )
      .openapi({ description: 'In the order of the repositories. None: all is well.' }),
    milliseconds: count('How long it took.'),
  })
  .openapi('Verification', { description: 'Whether index and registry agree, and everything can be read.' })

export type VerificationView = z.output<typeof verificationSchema>
