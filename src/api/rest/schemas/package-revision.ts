import { z } from '@hono/zod-openapi'
import { latestUpstream, type Visibility } from '../../../domain/access/visible-set.ts'
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
        'Type of the condition. The server sets `Valid`, `Merged`, `Approved` and `DeletionProposed`; clients set all others.',
      example: 'Valid',
    }),
    status: z
      .enum(['True', 'False', 'Unknown'])
      .openapi({ description: 'Status of the condition.', example: 'True' }),
    reason: freeText
      .max(1024)
      .default('')
      .openapi({ description: 'Machine-readable reason, one word.', example: 'Valid' }),
    message: freeText
      .max(32768)
      .default('')
      .openapi({ description: 'Human-readable explanation.', example: 'every file parses' }),
  })
  .openapi('Condition', { description: 'A condition of a revision, as in Kubernetes.' })

const readinessGateSchema = z
  .strictObject({
    conditionType: conditionType.openapi({
      description: 'Type of a condition that must be True before the revision can be proposed and approved.',
      example: 'SecurityScanned',
    }),
  })
  .openapi('ReadinessGate')

const conditions = z.array(conditionSchema).max(100)
const readinessGates = z.array(readinessGateSchema).max(100)

const upstreamSchema = z
  .strictObject({
    name: z.string().openapi({ description: 'Name of the revision.', example: 'blueprints.nf.upf.ws1' }),
    repository: repositoryName,
    package: packagePath,
    revision: z.int().openapi({ description: 'Number of the revision.', example: 1 }),
    version: version.nullable(),
    digest: z.string().openapi({
      description: 'Digest of the artifact.',
      example: 'sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
    }),
    latestRevision: z.int().nullable().openapi({
      description: 'Current latest revision of the upstream package; null if none is left.',
      example: 2,
    }),
    outdated: z
      .boolean()
      .openapi({ description: 'True if there is a newer revision than `revision`.', example: true }),
  })
  .openapi('Upstream', {
    description: 'The published revision that this package was cloned from, or last upgraded to.',
  })

const artifactSchema = z
  .strictObject({
    reference: z.string().openapi({
      description: 'Reference for OCI clients: `oras pull <reference>`.',
      example: 'localhost:8080/blueprints/nf/upf:v1',
    }),
    digest: z.string().openapi({
      description: 'Digest of the manifest. It never changes once the revision is published.',
      example: 'sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
    }),
    layerDigest: z.string().openapi({
      description:
        'Digest of the layer, the tar.gz of the files. The same files always have the same digest.',
      example: 'sha256:60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752',
    }),
    size: z
      .int()
      .openapi({ description: 'Size of the layer in bytes: what a client downloads.', example: 1234 }),
    tags: z.array(z.string()).openapi({
      description: 'Tags that pkgserver has set on the manifest.',
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
      .openapi({ description: 'Number that the revision got when it was published; 0 before.', example: 1 }),
    version: version.nullable(),
    lifecycle: z.enum(LIFECYCLES).openapi({ description: 'State in the lifecycle.', example: 'Published' }),
    latest: z.boolean().openapi({
      description: 'True for the highest revision of the package that is Published or DeletionProposed.',
      example: true,
    }),
    task: z.enum(TASKS).openapi({
      description:
        'Kind of source that the draft was created from; `discover` if the revision was found in another registry.',
      example: 'init',
    }),
    upstream: upstreamSchema.nullable(),
    labels,
    annotations,
    readinessGates,
    conditions,
    artifact: artifactSchema,
    fileCount: z.int().openapi({ description: 'Number of files.', example: 3 }),
    createdBy: actor('Creator of the draft.'),
    createdAt: timestamp('Time of creation.'),
    updatedAt: timestamp(
      'Time of the last change. Moving `latest` or another tag to another revision is no change.',
    ),
    proposedBy: actor('Author of the proposal.').nullable(),
    proposedAt: timestamp('Time of the proposal.').nullable(),
    publishedBy: actor('Reviewer who approved it.').nullable(),
    publishedAt: timestamp('Time of publication.').nullable(),
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
          description: 'Description of the package, for Kptfile and README.',
          example: 'User plane function',
        }),
      })
      .optional()
      .openapi({
        description: 'Starts a new package with a Kptfile, a README and a package context.',
        example: {},
      }),
    resources: filesSchema.optional(),
    copy: z
      .strictObject({
        from: z.string().openapi({
          description: 'Name of another revision of the same package.',
          example: 'blueprints.nf.upf.ws1',
        }),
      })
      .optional()
      .openapi({ description: 'Copies the files of another revision of the same package.' }),
    clone: z
      .strictObject({
        upstream: upstreamReferenceSchema,
        setters: settersSchema.optional(),
      })
      .optional()
      .openapi({
        description:
          'Copies the files of a published revision of another package, which becomes the upstream of the draft. The package must have no revisions yet. The name of the package is written to the Kptfile and to package-context.yaml, and `upstream` and `upstreamLock` to the Kptfile, as kpt does it; nothing else changes. Labels, annotations and readiness gates come from the request, not from the upstream.',
        example: { upstream: 'blueprints.nf.upf.ws1' },
      }),
    upgrade: z
      .strictObject({
        from: z.string().optional().openapi({
          description: 'Name of the revision of this package to start from. Defaults to its latest revision.',
          example: 'edge.upf-1.ws1',
        }),
        ...upgradeOptions,
      })
      .optional()
      .openapi({
        description:
          'Merges the files of a revision of this package with a newer revision of its upstream. Changes of both sides to the same field become conflicts of the draft, which must be resolved before it can be proposed.',
        example: {},
      }),
  })
  .refine((source) => Object.values(source).filter((value) => value !== undefined).length === 1, {
    message: 'must have exactly one of init, resources, copy, clone and upgrade',
  })
  .openapi({
    minProperties: 1,
    maxProperties: 1,
    description: 'Where the files come from. Exactly one of the fields must be set.',
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
        'Replaces all conditions but those of the server. Conditions can be changed in a Draft and while it is Proposed, other fields only in a Draft.',
    }),
  })
  .openapi('PackageRevisionPatch', {
    description: 'A JSON merge patch (RFC 7396): omitted fields keep their values.',
  })

/** The revision as the API shows it to a caller. `registryHost`: host and port for the reference of the artifact. */
export function toPackageRevisionView(
  revision: PackageRevision,
  registryHost: string,
  visibility: Visibility,
): z.output<typeof packageRevisionSchema> {
  const tags = tagsOf(revision)
  const tag = revision.revision > 0 ? `v${revision.revision}` : tags[0]
  const { upstream, artifact } = revision
  const upstreamLatest = latestUpstream(visibility, revision)
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
