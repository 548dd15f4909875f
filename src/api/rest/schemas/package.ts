import { z } from '@hono/zod-openapi'
import { listOf, packagePath, repositoryName, timestamp, version } from './common.ts'

const packageSchema = z
  .strictObject({
    repository: repositoryName,
    package: packagePath,
    latestRevision: z.int().nullable().openapi({
      description: 'The highest published revision; null where nothing is published.',
      example: 3,
    }),
    latestVersion: version
      .nullable()
      .openapi({ description: 'The version that the latest revision declares.' }),
    revisionCount: z.int().openapi({ description: 'Revisions that exist, drafts included.', example: 4 }),
    updatedAt: timestamp('When one of its revisions last changed.'),
  })
  .openapi('Package', { description: 'A package, in short.' })

export const packageListSchema = listOf(packageSchema, 'PackageList')
