/** What the registry has to have, by the index. */
import type { Blob } from '../../../artifact/layer.ts'
import { packageManifest } from '../../../artifact/package-manifest.ts'
import { readPackageManifest, type StoredRevision } from '../../../artifact/read-package-manifest.ts'
import { type PackedRecord, packRecord } from '../../../artifact/record.ts'
import type { IndexedPackage } from '../../../database/maintenance/indexed-package.ts'
import { withoutCondition } from '../../../domain/conditions.ts'
import { isPublished } from '../../../domain/lifecycle.ts'
import { ociRepository } from '../../../domain/names.ts'
import type { NewPackageRevision } from '../../../domain/package-revision.ts'
import { deletionProposedTag, deletionRejectedTag } from '../../../domain/tags.ts'
import { manifestDescriptor } from '../../change-revision.ts'
import type { StoredRecord } from '../reindex/stored-package.ts'

export type TaggedRecord = StoredRecord & { tag: string; packed: PackedRecord }

/** The revision as its manifest was written: what was decided about its deletion came later. */
export function asWritten(revision: NewPackageRevision): NewPackageRevision {
  if (!isPublished(revision.lifecycle)) return revision
  return {
    ...revision,
    lifecycle: 'Published',
    conditions: withoutCondition(revision.conditions, 'DeletionProposed'),
    updatedAt: revision.publishedAt ?? revision.updatedAt,
  }
}

/** The manifest, made again from the row; undefined where that is not the one that the row names. */
export function manifestOf(revision: NewPackageRevision): (Blob & { stored: StoredRevision }) | undefined {
  const manifest = packageManifest(asWritten(revision), revision.artifact)
  const { descriptor, bytes } = manifest
  if (descriptor.digest !== revision.artifact.digest) return undefined
  const stored = readPackageManifest(ociRepository(revision), descriptor, bytes)
  return stored && { ...manifest, stored }
}

/** The record of what was decided about the deletion of a published revision, if anything was. */
export function deletionRecord(revision: NewPackageRevision): TaggedRecord | undefined {
  const { revision: number, lifecycle, updatedAt, publishedAt, conditions } = revision
  if (lifecycle === 'DeletionProposed') {
    const message = conditions.find(({ type }) => type === 'DeletionProposed')?.message ?? ''
    const [, proposedBy = '', reason = null] = /^proposed by (.*?)(?:: (.*))?$/s.exec(message) ?? []
    const data = { revision: number, proposedBy, proposedAt: updatedAt, reason }
    const packed = packRecord('deletion-proposal', data, manifestDescriptor(revision))
    return { kind: 'deletion-proposal', data, tag: deletionProposedTag(number), packed }
  }
  if (lifecycle !== 'Published' || updatedAt === publishedAt) return undefined
  const data = { revision: number, rejectedBy: '', rejectedAt: updatedAt, reason: null }
  const packed = packRecord('deletion-rejection', data, manifestDescriptor(revision))
  return { kind: 'deletion-rejection', data, tag: deletionRejectedTag(number), packed }
}

export function packageRecord({ highestRevision, versioned, retired }: IndexedPackage): PackedRecord {
  return packRecord('package', { highestRevision, versioned, retired })
}
