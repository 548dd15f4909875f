/** Reads the manifest of a package revision: the inverse of `package-manifest.ts`. */
import { z } from 'zod'
import { AppError, shortened } from '../core/errors.ts'
import { isPublished, LIFECYCLES } from '../domain/lifecycle.ts'
import { ociRepository, packageProblem, revisionIdProblem } from '../domain/names.ts'
import { type Artifact, type RevisionRecord, TASKS } from '../domain/package-revision.ts'
import { REPOSITORY_TYPES } from '../domain/repository.ts'
import { decisionSchema, labelSchema, timeSchema } from '../domain/schemas.ts'
import type { Descriptor } from '../oci/descriptor.ts'
import { isIndex, parseManifest } from '../oci/manifest.ts'
import { MEDIA_TYPE } from '../oci/media-types.ts'
import { readAnnotations } from './annotations.ts'
import { PACKAGE_ARTIFACT_TYPE } from './package-manifest.ts'
import {
  annotations,
  conditions,
  labels,
  readinessGates,
  revisionNumber,
  versionText,
} from './stored-rules.ts'

export type StoredRevision = { record: RevisionRecord; artifact: Artifact }

/** Lists of revisions repeat it. */
const actorSchema = z.string().min(1).max(256)

const upstreamSchema = z.looseObject({
  revision: revisionNumber,
  version: versionText.nullable(),
  // Missing in manifests of earlier versions.
  digest: z.string().regex(/^(?:sha256:[0-9a-f]{64})?$/, 'must be a digest'),
})

const recordSchema = z
  .looseObject({
    repository: labelSchema,
    repositoryType: z.enum(REPOSITORY_TYPES),
    package: z.string(),
    workspace: labelSchema,
    revision: revisionNumber,
    version: versionText.nullable(),
    lifecycle: z.enum(LIFECYCLES),
    task: z.enum(TASKS),
    upstream: upstreamSchema.nullable(),
    labels,
    annotations,
    readinessGates,
    conditions,
    fileCount: z.int().min(0),
    createdBy: actorSchema,
    createdAt: timeSchema,
    updatedAt: timeSchema,
    proposedBy: actorSchema.nullable(),
    proposedAt: timeSchema.nullable(),
    review: decisionSchema.extend({ by: actorSchema }).nullable(),
    publishedBy: actorSchema.nullable(),
    publishedAt: timeSchema.nullable(),
  })
  .superRefine((record, context) => {
    const { lifecycle, revision, publishedAt } = record
    const published = isPublished(lifecycle)
    const problem =
      packageProblem(record.package) ??
      revisionIdProblem(record) ??
      (published === revision > 0 && published === (publishedAt !== null)
        ? undefined
        : 'the lifecycle, the number and the time of the publication contradict each other')
    if (problem) context.addIssue({ code: 'custom', message: problem })
  })

/**
 * Returns the revision of a manifest in an OCI repository; undefined for an artifact of another type. Throws `invalid`
 * for a package whose annotations are incomplete, or that belongs to another OCI repository.
 */
export function readPackageManifest(
  repository: string,
  descriptor: Descriptor,
  bytes: Uint8Array,
): StoredRevision | undefined {
  const manifest = parseManifest(bytes)
  if (isIndex(manifest) || manifest.artifactType !== PACKAGE_ARTIFACT_TYPE) return undefined
  const record = readRecord(manifest.annotations ?? {})
  if (ociRepository(record) !== repository) {
    throw new AppError('invalid', `it is a revision of ${ociRepository(record)}`)
  }
  const [layer, ...others] = manifest.layers
  const diffId = layer?.annotations?.['io.deis.oras.content.digest']
  if (!layer || others.length > 0 || layer.mediaType !== MEDIA_TYPE.layerTarGzip || diffId === undefined) {
    throw new AppError('invalid', 'it does not have exactly one layer with files of a package')
  }
  const artifact = {
    digest: descriptor.digest,
    size: bytes.byteLength,
    layerDigest: layer.digest,
    layerSize: layer.size,
    diffId,
    configDigest: manifest.config.digest,
    configSize: manifest.config.size,
  }
  return { record, artifact }
}

function readRecord(annotations: Parameters<typeof readAnnotations>[0]): RevisionRecord {
  let record: RevisionRecord
  try {
    record = readAnnotations(annotations)
  } catch (error) {
    throw new AppError('invalid', 'its annotations cannot be read', { cause: error })
  }
  const parsed = recordSchema.safeParse(record)
  if (parsed.success) return record
  const reasons = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
  throw new AppError('invalid', shortened(`its annotations are not valid: ${reasons.join('; ')}`))
}
