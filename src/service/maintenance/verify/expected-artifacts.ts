/** The manifests and records that the registry should have, made from the index. */
import { isDeepStrictEqual } from 'node:util'
import type { Blob } from '../../../artifact/layer.ts'
import { packageManifest } from '../../../artifact/package-manifest.ts'
import { readPackageManifest, type StoredRevision } from '../../../artifact/read-package-manifest.ts'
import { type PackedRecord, packRecord } from '../../../artifact/record.ts'
import type { IndexedPackage } from '../../../database/maintenance/indexed-package.ts'
import { withoutCondition } from '../../../domain/conditions.ts'
import { isPublished } from '../../../domain/lifecycle.ts'
import { ociRepository } from '../../../domain/names.ts'
import type { NewPackageRevision } from '../../../domain/package-revision.ts'
import { type DeletionRecord, deletionProposal, deletionRejection } from '../../review/deletion-records.ts'

/** The revision as its manifest was written, before anything was decided about its deletion. */
function asWritten(revision: NewPackageRevision): NewPackageRevision {
  if (!isPublished(revision.lifecycle)) return revision
  return {
    ...revision,
    lifecycle: 'Published',
    conditions: withoutCondition(revision.conditions, 'DeletionProposed'),
    updatedAt: revision.publishedAt ?? revision.updatedAt,
  }
}

/** The manifest, made from the row; undefined where that is not the one that the row names. */
export function expectedManifest(
  revision: NewPackageRevision,
): (Blob & { stored: StoredRevision }) | undefined {
  const written = asWritten(revision)
  // Manifests written before migration 0008 say nothing of reviews.
  for (const record of [written, { ...written, proposedReason: null, review: null }]) {
    const manifest = packageManifest(record, revision.artifact)
    const { descriptor, bytes } = manifest
    if (descriptor.digest !== revision.artifact.digest) continue
    const stored = readPackageManifest(ociRepository(revision), descriptor, bytes)
    return stored && { ...manifest, stored }
  }
  return undefined
}

/** The records of what was decided about the deletion of a revision. */
export function expectedDeletionRecords(revision: NewPackageRevision): DeletionRecord[] {
  const { lifecycle, deletionProposal: proposal, deletionRejection: rejection } = revision
  const records: DeletionRecord[] = []
  if (lifecycle === 'DeletionProposed' && proposal) records.push(deletionProposal(revision, proposal))
  if (isPublished(lifecycle) && rejection) records.push(deletionRejection(revision, rejection))
  return records
}

/**
 * Whether the registry says what the index says of a rejected deletion, or more: rows from before migration 0008 do not
 * know why it was rejected.
 */
export function confirms(registry: object | null, index: object): boolean {
  return isDeepStrictEqual(registry, index) || isDeepStrictEqual({ ...registry, reason: null }, index)
}

export function expectedPackageRecord({
  highestRevision,
  versioned,
  retired,
}: Pick<IndexedPackage, 'highestRevision' | 'versioned' | 'retired'>): PackedRecord {
  return packRecord('package', { highestRevision, versioned, retired })
}
