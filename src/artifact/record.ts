/**
 * Records: small artifacts that keep in the registry what no package manifest can say, because it changes after
 * publication or belongs to no revision. With them the registry alone is enough to rebuild the index.
 */

import type { RevisionConflict } from '../domain/merge/revision-conflict.ts'
import type { RetiredWorkspace } from '../domain/package-revision.ts'
import type { RepositoryContent } from '../domain/repository.ts'
import { type Descriptor, describe } from '../oci/descriptor.ts'
import { EMPTY_CONFIG_BYTES, EMPTY_DESCRIPTOR, encodeManifest } from '../oci/manifest.ts'
import { MEDIA_TYPE } from '../oci/media-types.ts'
import type { Blob } from './layer.ts'

export type RecordData = {
  /** Refers to the published manifest that is proposed for deletion. */
  'deletion-proposal': { revision: number; proposedBy: string; proposedAt: string; reason: string | null }
  /** Refers to it when its deletion was rejected: the manifest cannot say when it was changed last. */
  'deletion-rejection': { revision: number; rejectedBy: string; rejectedAt: string; reason: string | null }
  /** What is used up for ever, and what no live revision shows any more. */
  package: { highestRevision: number; versioned: boolean | null; retired: RetiredWorkspace[] }
  repository: RepositoryContent
  /** What an upgrade has found changed on both sides, and what has become of it. */
  conflicts: { workspace: string; conflicts: RevisionConflict[] }
}

export type PackedRecord = { blobs: Blob[]; manifest: Blob }

export function recordType(kind: keyof RecordData): string {
  return `application/vnd.pkgserver.${kind}.v1+json`
}

export function packRecord<Kind extends keyof RecordData>(
  kind: Kind,
  data: RecordData[Kind],
  subject?: Descriptor,
): PackedRecord {
  const type = recordType(kind)
  const bytes = Buffer.from(JSON.stringify(data))
  const layer = describe(type, bytes)
  const manifest = encodeManifest({
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.manifest,
    artifactType: type,
    config: EMPTY_DESCRIPTOR,
    layers: [{ ...layer, annotations: { 'org.opencontainers.image.title': `${kind}.json` } }],
    ...(subject === undefined ? {} : { subject }),
  })
  return {
    blobs: [
      { descriptor: EMPTY_DESCRIPTOR, bytes: EMPTY_CONFIG_BYTES },
      { descriptor: layer, bytes },
    ],
    manifest: { descriptor: describe(MEDIA_TYPE.manifest, manifest), bytes: manifest },
  }
}
