/** Revisions as the log of changes and the deliveries of webhooks keep them: as JSON, maybe of an earlier version. */
import { z } from 'zod'
import type { WatchedFields } from '../../domain/change.ts'
import { LIFECYCLES } from '../../domain/lifecycle.ts'
import { type PackageRevision, TASKS } from '../../domain/package-revision.ts'
import { REPOSITORY_TYPES } from '../../domain/repository.ts'
import { conditionsSchema, decisionSchema, labelsSchema, readinessGatesSchema } from '../../domain/schemas.ts'
import { parseStored } from '../stored-json.ts'

const text = z.string().nullable()
/** Versions before migration 0008 did not keep them. */
const decision = decisionSchema.nullable().default(null)

const upstream = z.looseObject({
  name: z.string(),
  repository: z.string(),
  package: z.string(),
  revision: z.int(),
  version: text,
  digest: z.string(),
})

const artifact = z.looseObject({
  digest: z.string(),
  size: z.int(),
  layerDigest: z.string(),
  layerSize: z.int(),
  diffId: z.string(),
  configDigest: z.string(),
  configSize: z.int(),
})

const revisionObject = z.looseObject({
  name: z.string(),
  repository: z.string(),
  repositoryType: z.enum(REPOSITORY_TYPES),
  package: z.string(),
  workspace: z.string(),
  revision: z.int(),
  version: text,
  lifecycle: z.enum(LIFECYCLES),
  latest: z.boolean(),
  latestBuild: z.boolean(),
  task: z.enum(TASKS),
  upstream: upstream.nullable(),
  upstreamLatest: z.int().nullable(),
  labels: labelsSchema,
  annotations: labelsSchema,
  readinessGates: readinessGatesSchema,
  conditions: conditionsSchema,
  fileCount: z.int(),
  artifact,
  createdBy: z.string(),
  createdAt: z.string(),
  updatedAt: z.string(),
  proposedBy: text,
  proposedAt: text,
  proposedReason: text.default(null),
  review: decision,
  publishedBy: text,
  publishedAt: text,
  deletionProposal: decision,
  deletionRejection: decision,
  resourceVersion: z.string(),
})

const revisionSchema: z.ZodType<PackageRevision> = revisionObject

const { lifecycle, latest, revision, version, labels, updatedAt } = revisionObject.shape
const changingSchema: z.ZodType<Partial<WatchedFields>> = z
  .looseObject({ lifecycle, latest, revision, version, labels, upstream: upstream.nullable(), updatedAt })
  .partial()

/** `what` names the revision in the error for damaged JSON. */
export function parseStoredRevision(json: string, what: string): PackageRevision {
  return parseStored(revisionSchema, json, what)
}

export function parseStoredDifference(json: string): Partial<WatchedFields> {
  return parseStored(changingSchema, json, 'a difference in the log of changes')
}
