/** Reads records: the inverse of `packRecord`. */

import { z } from 'zod'
import { AppError, shortened } from '../core/errors.ts'
import { parseExact } from '../core/exact-json.ts'
import { listingSchema } from '../domain/glasskube/listing.ts'
import type { JsonValue } from '../domain/krm/json-value.ts'
import { REPOSITORY_FORMATS, REPOSITORY_TYPES } from '../domain/repository.ts'
import { decisionSchema, labelSchema, repositorySourceSchema, timeSchema } from '../domain/schemas.ts'
import type { Descriptor } from '../oci/descriptor.ts'
import { isIndex, parseManifest } from '../oci/manifest.ts'
import { type RecordData, recordType } from './record.ts'
import { labels, revisionNumber, versionText } from './stored-rules.ts'

const decided = { revision: revisionNumber.min(1), reason: z.string().nullable() }
/** Any JSON is a value of a field. */
const value = z.custom<JsonValue>().optional()

/** Loose, to keep fields that a later version adds. */
const SCHEMAS: { [Kind in keyof RecordData]: z.ZodType<RecordData[Kind]> } = {
  'deletion-proposal': z.looseObject({ ...decided, proposedBy: z.string(), proposedAt: timeSchema }),
  'deletion-rejection': z.looseObject({ ...decided, rejectedBy: z.string(), rejectedAt: timeSchema }),
  package: z.looseObject({
    highestRevision: revisionNumber,
    versioned: z.boolean().nullable(),
    retired: z.array(
      z.looseObject({
        workspace: labelSchema,
        revision: revisionNumber,
        version: versionText.nullable(),
        // Records written before deletions were kept do not have it.
        deletion: decisionSchema.nullable().default(null),
      }),
    ),
  }),
  repository: z.looseObject({
    name: labelSchema,
    type: z.enum(REPOSITORY_TYPES),
    // Records written before there were formats do not have it.
    format: z.enum(REPOSITORY_FORMATS).default('krm'),
    description: z.string(),
    labels,
    source: repositorySourceSchema.optional(),
    createdBy: z.string(),
    createdAt: timeSchema,
    updatedAt: timeSchema,
  }),
  listing: listingSchema,
  conflicts: z.looseObject({
    workspace: labelSchema,
    conflicts: z.array(
      z.looseObject({
        id: z.string().regex(/^[0-9]+$/),
        path: z.string(),
        object: z.string().nullable(),
        field: z.string(),
        original: value,
        local: value,
        upstream: value,
        chosen: z.enum(['local', 'upstream']),
        resolution: z.enum(['edit', 'local', 'upstream', 'value']).nullable(),
      }),
    ),
  }),
  audit: z.looseObject({
    heads: z.array(
      z.looseObject({
        log: z.string().regex(/^[0-9a-f]{16}$/),
        seq: z.int().min(1),
        hash: z.string().regex(/^[0-9a-f]{64}$/),
        at: timeSchema,
      }),
    ),
  }),
}

/** Returns the layer with the data of a record. Throws `invalid` for a manifest of another kind. */
export function recordLayer(kind: keyof RecordData, manifest: Uint8Array): Descriptor {
  const parsed = parseManifest(manifest)
  const type = recordType(kind)
  const layer = isIndex(parsed) || parsed.artifactType !== type ? undefined : parsed.layers[0]
  if (layer?.mediaType === type) return layer
  throw new AppError('invalid', `it is not an artifact of type ${type}`)
}

/** Throws `invalid` for bytes that are no record of this kind. */
export function readRecord<Kind extends keyof RecordData>(kind: Kind, bytes: Uint8Array): RecordData[Kind] {
  let data: unknown
  try {
    data = parseExact(Buffer.from(bytes).toString())
  } catch (error) {
    throw new AppError('invalid', 'its record is not JSON', { cause: error })
  }
  const parsed = SCHEMAS[kind].safeParse(data)
  if (parsed.success) return parsed.data
  const reasons = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
  throw new AppError('invalid', shortened(`its record is not valid: ${reasons.join('; ')}`))
}
