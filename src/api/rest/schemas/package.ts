import { z } from '@hono/zod-openapi'
import { listOf, packagePath, repositoryName, timestamp, version } from './common.ts'

const packageSchema = z
  .strictObject({
    repository: repositoryName,
    package: packagePath,
    latestRevision: z.int().nullable().openapi({
      description: 'Highest published revision; null if nothing is published.',
      example: 3,
    }),
    latestVersion: version.nullable().openapi({ description: 'Version that the latest revision declares.' }),
    revisionCount: z.int().openapi({ description: 'Number of revisions, including drafts.', example: 4 }),
    updatedAt: timestamp('Time of the last change of any of its revisions.'),
  })
  .openapi('Package', { description: 'Summary of a package.' })

export const packageListSchema = listOf(packageSchema, 'PackageList')
