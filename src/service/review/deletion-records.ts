/** Records of what was decided about the deletion of a published revision, whose manifest never changes. */
import { type PackedRecord, packRecord, type RecordData } from '../../artifact/record.ts'
import type { Decision } from '../../domain/decision.ts'
import type { NewPackageRevision } from '../../domain/package-revision.ts'
import { deletionProposedTag, deletionRejectedTag } from '../../domain/tags.ts'
import { manifestDescriptor } from '../change-revision.ts'
import type { Operation } from '../operations.ts'

export type DeletionRecord = { tag: string; packed: PackedRecord } & (
  | { kind: 'deletion-proposal'; data: RecordData['deletion-proposal'] }
  | { kind: 'deletion-rejection'; data: RecordData['deletion-rejection'] }
)

export function deletionProposal(revision: NewPackageRevision, { by, at, reason }: Decision): DeletionRecord {
  const kind = 'deletion-proposal'
  const data = { revision: revision.revision, proposedBy: by, proposedAt: at, reason }
  const packed = packRecord(kind, data, manifestDescriptor(revision))
  return { kind, data, tag: deletionProposedTag(revision.revision), packed }
}

export function deletionRejection(
  revision: NewPackageRevision,
  { by, at, reason }: Decision,
): DeletionRecord {
  const kind = 'deletion-rejection'
  const data = { revision: revision.revision, rejectedBy: by, rejectedAt: at, reason }
  const packed = packRecord(kind, data, manifestDescriptor(revision))
  return { kind, data, tag: deletionRejectedTag(revision.revision), packed }
}

export function tagRecord({ packed, tag }: DeletionRecord): Operation {
  return { do: 'tag', descriptor: packed.manifest.descriptor, tags: [tag] }
}
