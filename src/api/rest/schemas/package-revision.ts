import { z } from '@hono/zod-openapi'
import { keyProblem } from '../../../domain/labels.ts'
import { LIFECYCLES } from '../../../domain/lifecycle.ts'
import { ociRepository } from '../../../domain/names.ts'
import { type PackageRevision, TASKS } from '../../../domain/package-revision.ts'
import { tagsOf } from '../../../domain/tags.ts'
import {
  actor,
  annotations,
  annotationsPatch,
  freeText,
  labels,
  labelsPatch,
  listOf,
  packagePath,
  repositoryName,
  resourceVersion,
  timestamp,
  version,
  workspaceName,
} from './common.ts'
import { filesSchema } from './resources.ts'
import { settersSchema } from './setters.ts'
import { upgradeOptions } from './upgrade.ts'
import { upstreamReferenceSchema } from './upstream-reference.ts'

const conditionType = z.string().superRefine((text, ctx) => {
  const problem = keyProblem(text)
  if (problem) ctx.addIssue({ code: 'custom', message: problem })
})

const conditionSchema = z
  .strictObject({
    type: conditionType.openapi({
      description:
        '`Valid`, `Merged`, `Approved` and `DeletionProposed` are set by the server; all others by its clients.',
      example: 'Valid',
    }),
    status: z
      .enum(['True', 'False', 'Unknown'])
      .openapi({ description: 'Whether it holds.', example: 'True' }),
    reason: freeText
      .max(1024)
      .default('')
      .openapi({ description: 'Why, in a word, for programs.', example: 'Valid' }),
    message: freeText
      .max(32768)
      .default('')
      .openapi({ description: 'Why, for people.', example: 'every file parses' }),
  })
  .openapi('Condition', { description: 'Something that is known of a revision.' })

const readinessGateSchema = z
  .strictObject({
    conditionType: conditionType.openapi({
      description: 'The revision can be proposed and approved only while the condition of this type is True.',
      example: 'SecurityScanned',
    }),
  })
  .openapi('ReadinessGate')

const conditions = z.array(conditionSchema).max(100)
const readinessGates = z.array(readinessGateSchema).max(100)

const upstreamSchema = z
  .strictObject({
    name: z.string().openapi({ description: 'Name of that revision.', example: 'blueprints.nf.upf.ws1' }),
    repository: repositoryName,
    package: packagePath,
    revision: z.int().openapi({ description: 'Its number.', example: 1 }),
    version: version.nullable(),
    digest: z.string().openapi({
      description: 'Digest of its artifact.',
      example: 'sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
    }),
    latestRevision: z.int().nullable().openapi({
      description: 'The latest revision of that package now; null when none is left.',
      example: 2,
    }),
    outdated: z
      .boolean()
      .openapi({ description: 'Whether there is a newer one than `revision`.', example: true }),
  })
  .openapi('Upstream', {
    description: 'The published revision that this package was cloned from, or last upgraded to.',
  })

const artifactSchema = z
  .strictObject({
    reference: z.string().openapi({
      description: 'For OCI clients: `oras pull <reference>`.',
      example: 'localhost:8080/blueprints/nf/upf:v1',
    }),
    digest: z.string().openapi({
      description: 'Digest of the manifest. Of a published revision it never changes.',
      example: 'sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
    }),
    layerDigest: z.string().openapi({
      description: 'Digest of the layer, the tar.gz of the files: the same files always have the same one.',
      example: 'sha256:60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752',
    }),
    size: z.int().openapi({ description: 'Bytes of the layer: what a client downloads.', example: 1234 }),
    tags: z.array(z.string()).openapi({
      description: 'All tags that pkgserver has set on the manifest.',
      example: ['latest', 'v1', 'v1.0.0'],
    }),
  })
  .openapi('Artifact', { description: 'The revision as an OCI artifact.' })

export const packageRevisionSchema = z
  .strictObject({
    name: z.string().openapi({
      description: '`<repository>.<package with "/" as ".">.<workspace>`',
      example: 'blueprints.nf.upf.ws1',
    }),
    repository: repositoryName,
    package: packagePath,
    workspace: workspaceName,
    revision: z
      .int()
      .openapi({ description: 'Number of the publication; 0 until it is published.', example: 1 }),
    version: version.nullable(),
    lifecycle: z.enum(LIFECYCLES).openapi({ description: 'State of the lifecycle.', example: 'Published' }),
    latest: z.boolean().openapi({
      description: 'Whether it is the highest revision of its package that is Published or DeletionProposed.',
      example: true,
    }),
    task: z.enum(TASKS).openapi({
      description:
        'The kind of source that it was made from; `discover` where it was found in a registry elsewhere.',
      example: 'init',
    }),
    upstream: upstreamSchema.nullable(),
    labels,
    annotations,
    readinessGates,
    conditions,
    artifact: artifactSchema,
    fileCount: z.int().openapi({ description: 'How many files it has.', example: 3 }),
    createdBy: actor('Who made the draft.'),
    createdAt: timestamp('When the draft was made.'),
    updatedAt: timestamp(
      'When it was last written. That `latest` or another moving tag went to another revision does not count.',
    ),
    proposedBy: actor('Who proposed it.').nullable(),
    proposedAt: timestamp('When it was proposed.').nullable(),
    publishedBy: actor('Who approved it.').nullable(),
    publishedAt: timestamp('When it was published.').nullable(),
    resourceVersion,
  })
  .openapi('PackageRevision', {
    description:
      'One version of a package: a draft in a workspace, or a published, immutable, numbered revision.',
  })

export const packageRevisionListSchema = listOf(packageRevisionSchema, 'PackageRevisionList')

const sourceSchema = z
  .strictObject({
    init: z
      .strictObject({
        description: freeText.max(4096).optional().openapi({
          description: 'What the package is; it stands in Kptfile and README.',
          example: 'User plane function',
        }),
      })
      .optional()
      .openapi({ description: 'A new package: a Kptfile, a README and the package context.', example: {} }),
    resources: filesSchema.optional(),
    copy: z
      .strictObject({
        from: z.string().openapi({
          description: 'Name of another revision of the same package.',
          example: 'blueprints.nf.upf.ws1',
        }),
      })
      .optional()
      .openapi({ description: 'The files of another revision of the same package.' }),
    clone: z
      .strictObject({
        upstream: upstreamReferenceSchema,
        setters: settersSchema.optional(),
      })
      .optional()
      .openapi({
        description:
          "The files of a published revision of another package, for a package that has no revisions yet. The draft has that revision as its upstream. A Kptfile gets the name of the package, and `upstream` and `upstreamLock` as kpt writes them; package-context.yaml gets the name; nothing else changes. Labels, annotations and readiness gates are not the upstream's, but those of the request.",
        example: { upstream: 'blueprints.nf.upf.ws1' },
      }),
    upgrade: z
      .strictObject({
        from: z.string().optional().openapi({
          description:
            'Name of the revision of the package to start from; its latest, where that is not said.',
          example: 'edge.upf-1.ws1',
        }),
        ...upgradeOptions,
      })
      .optional()
      .openapi({
        description:
          'The files of a revision of this package, merged with a newer revision of its upstream. What both sides have changed is listed as conflicts of the draft, which have to be resolved before it is proposed.',
        example: {},
      }),
  })
  .refine((source) => Object.values(source).filter((value) => value !== undefined).length === 1, {
    message: 'must have exactly one of init, resources, copy, clone and upgrade',
  })
  .openapi({
    minProperties: 1,
    maxProperties: 1,
    description: 'Where the files come from: exactly one of these.',
    example: { init: { description: 'User plane function' } },
  })

export const newPackageRevisionSchema = z
  .strictObject({
    repository: repositoryName,
    package: packagePath,
    workspace: workspaceName,
    version: version.nullable().optional(),
    labels: labels.optional(),
    annotations: annotations.optional(),
    readinessGates: readinessGates.optional(),
    source: sourceSchema,
  })
  .openapi('NewPackageRevision')

export const packageRevisionPatchSchema = z
  .strictObject({
    labels: labelsPatch.optional(),
    annotations: annotationsPatch.optional(),
    version: version.nullable().optional(),
    readinessGates: readinessGates.nullable().optional(),
    conditions: conditions.nullable().optional().openapi({
      description:
        'All conditions but those of the server, which stay. They can be changed in a Draft and while it is Proposed; all else only in a Draft.',
    }),
  })
  .openapi('PackageRevisionPatch', { description: 'A JSON merge patch (RFC 7396): what is left out stays.' })

/** A revision as the API shows it. `registryHost` is where OCI clients find its artifact. */
export function toPackageRevisionView(
  revision: PackageRevision,
  registryHost: string,
): z.output<typeof packageRevisionSchema> {
  const tags = tagsOf(revision)
  const tag = revision.revision > 0 ? `v${revision.revision}` : tags[0]
  const { upstream, upstreamLatest, artifact } = revision
  return {
    name: revision.name,
    repository: revision.repository,
    package: revision.package,
    workspace: revision.workspace,
    revision: revision.revision,
    version: revision.version,
    lifecycle: revision.lifecycle,
    latest: revision.latest,
    task: revision.task,
    upstream: upstream && {
      ...upstream,
      latestRevision: upstreamLatest,
      outdated: (upstreamLatest ?? 0) > upstream.revision,
    },
    labels: { ...revision.labels },
    annotations: { ...revision.annotations },
    readinessGates: [...revision.readinessGates],
    conditions: [...revision.conditions],
    artifact: {
      reference: `${registryHost}/${ociRepository(revision)}:${tag}`,
      digest: artifact.digest,
      layerDigest: artifact.layerDigest,
      size: artifact.layerSize,
      tags,
    },
    fileCount: revision.fileCount,
    createdBy: revision.createdBy,
    createdAt: revision.createdAt,
    updatedAt: revision.updatedAt,
    proposedBy: revision.proposedBy,
    proposedAt: revision.proposedAt,
    publishedBy: revision.publishedBy,
    publishedAt: revision.publishedAt,
    resourceVersion: revision.resourceVersion,
  }
}
