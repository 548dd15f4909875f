/** Reads the manifest of a package revision: the inverse of `package-manifest.ts`. */
import { z } from 'zod'
import { AppError } from '../core/errors.ts'
import { LIFECYCLES } from '../domain/lifecycle.ts'
import { ociRepository } from '../domain/names.ts'
import { type Artifact, type RevisionRecord, TASKS } from '../domain/package-revision.ts'
import { REPOSITORY_TYPES } from '../domain/repository.ts'
import {
  conditionsSchema,
  decisionSchema,
  labelSchema,
  labelsSchema,
  readinessGatesSchema,
  timeSchema,
} from '../domain/schemas.ts'
import type { Descriptor } from '../oci/descriptor.ts'
import { isIndex, parseManifest } from '../oci/manifest.ts'
import { MEDIA_TYPE } from '../oci/media-types.ts'
import { readAnnotations } from './annotations.ts'
import { PACKAGE_ARTIFACT_TYPE } from './package-manifest.ts'

export type StoredRevision = { record: RevisionRecord; artifact: Artifact }

/** Other clients can push anything to the registry, so fields that the service relies on are checked. */
const recordSchema = z.looseObject({
  repositoryType: z.enum(REPOSITORY_TYPES),
  workspace: labelSchema,
  revision: z.int().min(0),
  lifecycle: z.enum(LIFECYCLES),
  task: z.enum(TASKS),
  labels: labelsSchema,
  annotations: labelsSchema,
  readinessGates: readinessGatesSchema,
  conditions: conditionsSchema,
  fileCount: z.int().min(0),
  createdAt: timeSchema,
  updatedAt: timeSchema,
  proposedAt: timeSchema.nullable(),
  review: decisionSchema.nullable(),
  publishedAt: timeSchema.nullable(),
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
  throw new AppError('invalid', `its annotations are not valid: ${reasons.join('; ')}`)
}
