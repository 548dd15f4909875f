/**
 * Records are small artifacts for facts that a package manifest cannot hold, because they change after publication or
 * belong to no revision. With them the registry alone is enough to rebuild the index.
 */

import { stringifyExact } from '../core/exact-json.ts'
import type { LogHead } from '../domain/audit/chain.ts'
import type { Listing } from '../domain/glasskube/listing.ts'
import type { RevisionConflict } from '../domain/merge/revision-conflict.ts'
import type { RetiredWorkspace } from '../domain/package-revision.ts'
import type { RepositoryContent } from '../domain/repository.ts'
import { type Descriptor, describe } from '../oci/descriptor.ts'
import { EMPTY_CONFIG_BYTES, EMPTY_DESCRIPTOR, encodeManifest } from '../oci/manifest.ts'
import { MEDIA_TYPE } from '../oci/media-types.ts'
import type { Blob } from './layer.ts'

export type RecordData = {
  /** A referrer of the published manifest that is proposed for deletion. */
  'deletion-proposal': { revision: number; proposedBy: string; proposedAt: string; reason: string | null }
  /** A referrer, too: it keeps the time of the rejection, which the published manifest cannot. */
  'deletion-rejection': { revision: number; rejectedBy: string; rejectedAt: string; reason: string | null }
  /** Numbers, versions and workspaces that deleted revisions have used up. */
  package: { highestRevision: number; versioned: boolean | null; retired: RetiredWorkspace[] }
  repository: RepositoryContent
  listing: Listing
  /** Fields that both sides of an upgrade changed, and how each was resolved. */
  conflicts: { workspace: string; conflicts: RevisionConflict[] }
  /** Records of the audit log by which all before them are known, and when each was the last one. */
  audit: { heads: (LogHead & { at: string })[] }
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
  const bytes = Buffer.from(stringifyExact(data))
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
