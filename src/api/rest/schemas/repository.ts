import { z } from '@hono/zod-openapi'
import { REPOSITORY_TYPES } from '../../../domain/repository.ts'
import {
  DEFAULT_SYNC_INTERVAL,
  INTERVAL_RULE,
  parseInterval,
  SYNC_STATES,
  sourceUrlProblem,
} from '../../../domain/repository-source.ts'
import {
  actor,
  count,
  freeText,
  labels,
  labelsPatch,
  listOf,
  repositoryName,
  resourceVersion,
  timestamp,
} from './common.ts'

const type = z.enum(REPOSITORY_TYPES).openapi({
  description:
    '`catalog` holds blueprints, to clone from; `deployment` holds instances, to deploy. It never changes.',
  example: 'catalog',
})

const description = freeText.max(4096).openapi({
  description: 'What the repository is for.',
  example: 'Blueprints of the core network functions',
})

const sourceUrl = z
  .string()
  .max(512)
  .superRefine((text, ctx) => {
    const problem = sourceUrlProblem(text)
    if (problem) ctx.addIssue({ code: 'custom', message: problem })
  })
  .openapi({
    description:
      'Of a registry, with what its repositories begin with: below `oci://ghcr.io/org/charts`, the package `nginx` is `ghcr.io/org/charts/nginx`. `oci` is `https`, and `http` on this machine. It never changes. Credentials are those that the server has for the host.',
    example: 'oci://ghcr.io/org/charts',
  })

const sourcePackages = z
  .array(
    z
      .string()
      .max(255)
      .regex(
        /^[a-z0-9]+(?:[._/-]+[a-z0-9]+)*$/,
        'must be the name of a repository below the URL, like nf/upf',
      )
      .openapi({ description: 'Name below the URL.', example: 'nf/upf' }),
  )
  .min(1)
  .max(1000)
  .refine((names) => new Set(names).size === names.length, 'must not have a name twice')
  .nullable()
  .openapi({
    description:
      'The repositories below the URL that are packages; null for all, of a registry that lists them (not ghcr.io, Docker Hub or ECR).',
    example: ['nf/upf'],
  })

const interval = z
  .string()
  .refine((text) => parseInterval(text) !== undefined, INTERVAL_RULE)
  .openapi({
    description: 'How often new versions are looked for: 30s to 7d; "0" for only when somebody asks.',
    example: '10m',
  })

const prereleases = z.boolean().openapi({
  description:
    'Whether versions like 2.0.0-rc.1 are taken, too. As Flux, nobody who wants the latest should get them unasked.',
  example: false,
})

const sourceSchema = z
  .strictObject({ url: sourceUrl, packages: sourcePackages, prereleases, interval })
  .openapi('RepositorySource', { description: 'A place in a registry that others push to.' })

const newSourceSchema = z
  .strictObject({
    url: sourceUrl,
    packages: sourcePackages.default(null),
    prereleases: prereleases.default(false),
    interval: interval.default(DEFAULT_SYNC_INTERVAL),
  })
  .openapi('NewRepositorySource', {
    description:
      'Where the revisions of the repository come from, for a catalog that clients do not fill: a place in a registry that others push to, with `flux push artifact`, `oras push` or the like. Tags that are versions (1.2.3, v1.2.3, 1.2.3_4) become published revisions: first in the order of the versions, later in the order in which they are found. Other tags (latest, main-4f2c) move, and become none.',
  })

const sourcePatchSchema = z
  .strictObject({
    url: sourceUrl.optional(),
    packages: sourcePackages.optional(),
    prereleases: prereleases.optional(),
    interval: interval.optional(),
  })
  .openapi('RepositorySourcePatch', { description: 'What is left out stays; `url` can only stay.' })

const at = (description: string) => timestamp(description).nullable()

export const syncStatusSchema = z
  .strictObject({
    state: z.enum(SYNC_STATES).openapi({
      description: 'What came of the last sync. It is `Failed` where not everything could be looked at.',
      example: 'Succeeded',
    }),
    lastSyncAt: at('When the last sync ended.'),
    lastSuccessAt: at('When the last one ended that could look at everything.'),
    nextSyncAt: at('When the next one is due; null where one comes only when somebody asks.'),
    error: z.string().nullable().openapi({
      description: 'Why the last sync failed.',
      example: 'GET https://ghcr.io/v2/org/charts/nginx/tags/list: the registry at ghcr.io cannot be reached',
    }),
    packages: count('How many repositories were found there.', 2),
    revisions: count('How many revisions of them there are here.', 7),
    problems: z
      .array(
        z.strictObject({
          reference: z.string().openapi({
            description: 'The artifact, or the repository there.',
            example: 'ghcr.io/org/charts/nginx:1.2.3',
          }),
          reason: z.string().openapi({
            description: 'What is wrong with it.',
            example: 'the artifact has no layers with files',
          }),
        }),
      )
      .openapi({
        description:
          'What could not be taken, and tags that have moved since they were; the first 100. An artifact that could not be read is read again when its tag moves, or when somebody asks for a sync.',
      }),
    problemCount: count('How many problems there are in all.', 1),
  })
  .openapi('SyncStatus', {
    description: 'What is known of the source. It is not part of the ETag, nor of lists.',
  })

export const repositorySchema = z
  .strictObject({
    name: repositoryName,
    type,
    description,
    labels,
    source: sourceSchema.optional(),
    status: syncStatusSchema.optional(),
    createdBy: actor('Who created it.'),
    createdAt: timestamp('When it was created.'),
    updatedAt: timestamp('When it last changed.'),
    resourceVersion,
  })
  .openapi('Repository', { description: 'A named group of packages.' })

export const newRepositorySchema = z
  .strictObject({
    name: repositoryName,
    type,
    description: description.default(''),
    labels: labels.default({}),
    source: newSourceSchema.optional(),
  })
  .openapi('NewRepository')

export const repositoryPatchSchema = z
  .strictObject({
    description: description.nullable().optional(),
    labels: labelsPatch.optional(),
    source: sourcePatchSchema.optional(),
  })
  .openapi('RepositoryPatch', { description: 'A JSON merge patch (RFC 7396): what is left out stays.' })

export const repositoryListSchema = listOf(repositorySchema, 'RepositoryList')
