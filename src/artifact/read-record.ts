/** What records say: the inverse of `packRecord`. */
import { z } from 'zod'
import { AppError } from '../core/errors.ts'
import { isLabel } from '../domain/names.ts'
import { REPOSITORY_TYPES } from '../domain/repository.ts'
import type { Descriptor } from '../oci/descriptor.ts'
import { isIndex, parseManifest } from '../oci/manifest.ts'
import { type RecordData, recordType } from './record.ts'

const time = z.iso.datetime()
const label = z.string().refine(isLabel, 'is no label')
const review = { revision: z.int().min(1), reason: z.string().nullable() }

/** Fields that a later version adds are left as they are. */
const SCHEMAS = {
  'deletion-proposal': z.looseObject({ ...review, proposedBy: z.string(), proposedAt: time }),
  'deletion-rejection': z.looseObject({ ...review, rejectedBy: z.string(), rejectedAt: time }),
  package: z.looseObject({
    highestRevision: z.int().min(0),
    versioned: z.boolean().nullable(),
    retired: z.array(
      z.looseObject({ workspace: label, revision: z.int().min(0), version: z.string().nullable() }),
    ),
  }),
  repository: z.looseObject({
    name: label,
    type: z.enum(REPOSITORY_TYPES),
    description: z.string(),
    labels: z.record(z.string(), z.string()),
    createdBy: z.string(),
    createdAt: time,
    updatedAt: time,
  }),
  conflicts: z.looseObject({
    workspace: label,
    conflicts: z.array(
      z.looseObject({
        id: z.string().regex(/^[0-9]+$/),
        path: z.string(),
        object: z.string().nullable(),
        field: z.string(),
        chosen: z.enum(['local', 'upstream']),
        resolution: z.enum(['edit', 'local', 'upstream', 'value']).nullable(),
      }),
    ),
  }),
} as const satisfies Record<keyof RecordData, z.ZodType>

/** Where the data of a record is, by its manifest. Throws `invalid` for a manifest that is none of this kind. */
export function recordLayer(kind: keyof RecordData, manifest: Uint8Array): Descriptor {
  const parsed = parseManifest(manifest)
  const type = recordType(kind)
  const layer = isIndex(parsed) || parsed.artifactType !== type ? undefined : parsed.layers[0]
  if (layer?.mediaType === type) return layer
  throw new AppError('invalid', `it is not an artifact of type ${type}`)
}

/** Throws `invalid`. */
export function readRecord<Kind extends keyof RecordData>(kind: Kind, bytes: Uint8Array): RecordData[Kind] {
  let data: unknown
  try {
    data = JSON.parse(Buffer.from(bytes).toString())
  } catch (error) {
    throw new AppError('invalid', 'its record is not JSON', { cause: error })
  }
  const parsed = SCHEMAS[kind].safeParse(data)
  if (parsed.success) return data as RecordData[Kind]
  const reasons = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
  throw new AppError('invalid', `its record is not valid: ${reasons.join('; ')}`)
}
