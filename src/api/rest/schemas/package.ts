import { z } from '@hono/zod-openapi'
import { freeText, listOf, packagePath, repositoryName, timestamp, version } from './common.ts'

const packageFields = z.strictObject({
  repository: repositoryName,
  package: packagePath,
  latestRevision: z.int().nullable().openapi({
    description: 'Highest published revision; null if nothing is published.',
    example: 3,
  }),
  latestVersion: version.nullable().openapi({
    description:
      'Version that the latest revision declares; of a Glasskube package the version that its clients install: the one held back, otherwise the highest stable one, or the highest.',
  }),
  revisionCount: z.int().openapi({ description: 'Number of revisions, including drafts.', example: 4 }),
  updatedAt: timestamp('Time of the last change of any of its revisions.'),
})

const packageSummarySchema = packageFields.openapi('PackageSummary', { description: 'Summary of a package.' })

export const packageListSchema = listOf(packageSummarySchema, 'PackageList')

const deprecationSchema = z
  .strictObject({
    message: freeText.min(1).max(1024).openapi({
      description: 'Why the version should no longer be installed.',
      example: 'loses data on restart',
    }),
    successor: version.nullable().default(null).openapi({ description: 'Version to use instead.' }),
  })
  .openapi('Deprecation', {
    description: 'A deprecated version stays readable, but resolutions of the mode `joint` do not choose it.',
  })

const deprecations = <Entry extends z.ZodType>(entry: Entry) => z.record(version, entry)

const listingSchema = z
  .strictObject({
    latestVersion: version.nullable().openapi({
      description:
        'Version that clients see as the latest although there is a higher one; null if none is held.',
    }),
    deprecations: deprecations(deprecationSchema).openapi({
      description: 'By version.',
      example: { '1.17.0+1': { message: 'loses data on restart', successor: '1.17.0+2' } },
    }),
  })
  .openapi('Listing', { description: 'How clients of a Glasskube repository see the package.' })

export const packageSchema = packageFields
  .extend({
    listing: listingSchema.optional(),
  })
  .openapi('Package')

export const packagePatchSchema = z
  .strictObject({
    latestVersion: version.nullable().optional().openapi({
      description:
        'A published version to show as the latest, whatever is published later; null to follow the highest stable one again.',
    }),
    deprecations: deprecations(deprecationSchema.nullable())
      .nullable()
      .optional()
      .openapi({
        description: 'By version: null lifts a deprecation, versions that are left out keep theirs.',
        example: { '1.17.0+1': { message: 'loses data on restart' }, '1.16.0+3': null },
      }),
  })
  .openapi('PackagePatch', {
    description: 'A JSON merge patch (RFC 7396): omitted fields keep their values; null lifts a deprecation.',
  })
