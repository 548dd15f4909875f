import { z } from '@hono/zod-openapi'
import { REPOSITORY_FORMATS, REPOSITORY_TYPES } from '../../../domain/repository.ts'
import {
  DEFAULT_SYNC_INTERVAL,
  INTERVAL_RULE,
  parseInterval,
  SOURCE_FORMATS,
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
    'A `catalog` holds blueprints to clone; a `deployment` repository holds instances to deploy. Immutable.',
  example: 'catalog',
})

const format = z.enum(REPOSITORY_FORMATS).openapi({
  description:
    'A package of the format `glasskube` has a `package.yaml`, declares a version with each revision, and is also served at `/glasskube/{repository}/`. By default that of the source, or `krm`. Immutable.',
  example: 'krm',
})

const description = freeText.max(4096).openapi({
  description: 'Purpose of the repository.',
  example: 'Blueprints of the core network functions',
})

const sourceFormat = z.enum(SOURCE_FORMATS).openapi({
  description:
    '`oci` for artifacts in a registry; `glasskube` for the files of a repository that clients of Glasskube read, which is for a repository of that format. Immutable.',
  example: 'oci',
})

const sourceUrl = z.string().max(512).openapi({
  description:
    'The folder of index.yaml, as in `https://packages.example.com/packages/`; or registry and prefix of its repositories: with `oci://ghcr.io/org/charts`, the package `nginx` is `ghcr.io/org/charts/nginx`. `oci` means `https`, and `http` on the machine of the server. The server must have the credentials for the host. Immutable.',
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
      .openapi({ description: 'Name relative to the URL.', example: 'nf/upf' }),
  )
  .min(1)
  .max(1000)
  .refine((names) => new Set(names).size === names.length, 'must not have a name twice')
  .nullable()
  .openapi({
    description:
      'The repositories below the URL that are packages. null means all, if the registry can list them (ghcr.io, Docker Hub and ECR cannot).',
    example: ['nf/upf'],
  })

const interval = z
  .string()
  .refine((text) => parseInterval(text) !== undefined, INTERVAL_RULE)
  .openapi({
    description: 'Interval of syncs, from 30s to 7d; "0" to sync only on request.',
    example: '10m',
  })

const prereleases = z.boolean().openapi({
  description:
    'If true, prereleases like 2.0.0-rc.1 are imported too. By default they are left out of registries, as Flux does it, so that `latest` is a stable version.',
  example: false,
})

const sourceSchema = z
  .strictObject({ format: sourceFormat, url: sourceUrl, packages: sourcePackages, prereleases, interval })
  .openapi('RepositorySource', { description: 'A place that others push to, as the source of a catalog.' })

const newSourceSchema = z
  .strictObject({
    format: sourceFormat.default('oci'),
    url: sourceUrl,
    packages: sourcePackages.default(null),
    prereleases: prereleases.optional(),
    interval: interval.default(DEFAULT_SYNC_INTERVAL),
  })
  .superRefine(({ url, format }, ctx) => {
    const problem = sourceUrlProblem(url, format)
    if (problem) ctx.addIssue({ code: 'custom', path: ['url'], message: problem })
  })
  .openapi('NewRepositorySource', {
    description:
      'Makes this a catalog of artifacts that others push to a registry, with `flux push artifact`, `oras push` or similar tools. Tags that are versions (1.2.3, v1.2.3, 1.2.3_4) become published revisions: at first in the order of the versions, later in the order of discovery. Other tags (latest, main-4f2c) move, and are ignored. With the format `glasskube`, the versions of a repository elsewhere become revisions, with their files as they are and the latest version that it names.',
  })

const sourcePatchSchema = z
  .strictObject({
    url: sourceUrl.optional(),
    packages: sourcePackages.optional(),
    prereleases: prereleases.optional(),
    interval: interval.optional(),
  })
  .openapi('RepositorySourcePatch', {
    description: 'Omitted fields keep their values; `format` and `url` cannot change.',
  })

const at = (description: string) => timestamp(description).nullable()

export const syncStatusSchema = z
  .strictObject({
    state: z.enum(SYNC_STATES).openapi({
      description: 'Result of the last sync. `Failed` means that a part of the source could not be read.',
      example: 'Succeeded',
    }),
    lastSyncAt: at('Time when the last sync ended.'),
    lastSuccessAt: at('Time when the last successful sync ended.'),
    nextSyncAt: at('Time of the next sync; null if syncs run only on request.'),
    error: z.string().nullable().openapi({
      description: 'Why the last sync failed.',
      example: 'GET https://ghcr.io/v2/org/charts/nginx/tags/list: the registry at ghcr.io cannot be reached',
    }),
    packages: count('Number of repositories found in the source.', 2),
    revisions: count('Number of their revisions in this server.', 7),
    problems: z
      .array(
        z.strictObject({
          reference: z.string().openapi({
            description: 'The artifact or repository in the source.',
            example: 'ghcr.io/org/charts/nginx:1.2.3',
          }),
          reason: z.string().openapi({
            description: 'What is wrong.',
            example: 'the artifact has no layers with files',
          }),
        }),
      )
      .openapi({
        description:
          'The first 100 artifacts that could not be imported, and tags that have moved since they were imported. An artifact that could not be read is read again when its tag moves, or by a sync on request.',
      }),
    problemCount: count('Number of all problems.', 1),
  })
  .openapi('SyncStatus', {
    description: 'State of the source. It does not change the ETag, and is not in lists.',
  })

export const repositorySchema = z
  .strictObject({
    name: repositoryName,
    type,
    format,
    description,
    labels,
    source: sourceSchema.optional(),
    status: syncStatusSchema.optional(),
    createdBy: actor('Creator of the repository.'),
    createdAt: timestamp('Time of creation.'),
    updatedAt: timestamp('Time of the last change.'),
    resourceVersion,
  })
  .openapi('Repository', { description: 'A named group of packages.' })

export const newRepositorySchema = z
  .strictObject({
    name: repositoryName,
    type,
    format: format.optional(),
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
  .openapi('RepositoryPatch', {
    description: 'A JSON merge patch (RFC 7396): omitted fields keep their values.',
  })

export const repositoryListSchema = listOf(repositorySchema, 'RepositoryList')
