import { isDeepStrictEqual } from 'node:util'
import type { StoredRevision } from '../../../artifact/read-package-manifest.ts'
import { packRecord } from '../../../artifact/record.ts'
import type { IndexedPackage } from '../../../database/maintenance/indexed-package.ts'
import type { NewPackageRevision } from '../../../domain/package-revision.ts'
import { conflictsTag, deletionProposedTag, tagsOf } from '../../../domain/tags.ts'
import { manifestDescriptor } from '../../change-revision.ts'
import type { StoredPackage } from '../reindex/stored-package.ts'
import type { Finding } from './difference.ts'
import { deletionRecord, manifestOf } from './written.ts'

export type Compared = {
  /** What the registry has. */
  stored: StoredPackage
  indexed: IndexedPackage | undefined
  /** What the manifest of a digest says, or why it says nothing. */
  manifests: ReadonlyMap<string, StoredRevision | { problem: string }>
}

/** The registry as the index wants it: its own manifests under its own tags. What that takes is added to the findings. */
export function withWanted({ stored, indexed, manifests }: Compared, findings: Finding[]): StoredPackage {
  const tags = new Map(stored.tags)
  const revisions = new Map(stored.revisions)
  const records = new Map(stored.records)
  for (const { revision, conflicts } of indexed?.revisions ?? []) {
    const manifest = readable(revision, manifests, findings)
    if (!manifest) continue
    const descriptor = manifestDescriptor(revision)
    revisions.set(descriptor.digest, manifest)
    // Not those that move: who holds them follows from the rest.
    for (const tag of tagsOf({ ...manifest.record, latest: false, latestBuild: false }))
      tags.set(tag, descriptor)
    const record = manifest.record.revision > 0 ? deletionRecord(revision) : undefined
    const known = record && stored.records.get(record.tag)
    if (record && !isDeepStrictEqual(essential(known?.data), essential(record.data))) {
      findings.push({
        problem: `the decision about the deletion of ${revision.name} is not recorded`,
        remedy: 'record it again',
        push: [record.packed],
        operations: [{ do: 'tag', descriptor: record.packed.manifest.descriptor, tags: [record.tag] }],
      })
      records.set(record.tag, record)
      tags.set(record.tag, record.packed.manifest.descriptor)
    }
    const tag = conflictsTag(revision.workspace)
    const recorded = stored.records.get(tag)
    const data = { workspace: revision.workspace, conflicts }
    if (conflicts.length > 0 && !isDeepStrictEqual(recorded?.data, data)) {
      const packed = packRecord('conflicts', data)
      findings.push({
        problem: `the conflicts of ${revision.name} are not recorded correctly`,
        remedy: 'record them again',
        push: [packed],
        operations: [{ do: 'tag', descriptor: packed.manifest.descriptor, tags: [tag] }],
      })
      records.set(tag, { kind: 'conflicts', data })
      tags.set(tag, packed.manifest.descriptor)
    }
  }
  // A revision that is no longer proposed for deletion has the tag of a proposal only by mistake.
  for (const { revision } of indexed?.revisions ?? []) {
    const tag = deletionProposedTag(revision.revision)
    if (revision.lifecycle === 'Published' && records.get(tag)?.kind === 'deletion-proposal') {
      findings.push({
        problem: `the tag ${tag} proposes a deletion that is not in the index`,
        remedy: 'remove the tag',
        operations: [{ do: 'untag', tags: [tag] }],
      })
      records.delete(tag)
      tags.delete(tag)
    }
  }
  return { ...stored, tags, revisions, records }
}

/** When it was decided is all that the index knows of a rejection. */
function essential(data: object | undefined): object | undefined {
  if (!data || !('rejectedAt' in data)) return data
  return { rejectedAt: data.rejectedAt }
}

/** What a revision's manifest says; where it is gone, what it said, if the row still tells. */
function readable(
  revision: NewPackageRevision & { name: string },
  manifests: Compared['manifests'],
  findings: Finding[],
): StoredRevision | undefined {
  const found = manifests.get(revision.artifact.digest)
  if (found && !('problem' in found)) return found
  const again = manifestOf(revision)
  if (!again) return undefined
  const problem = `the manifest ${revision.artifact.digest} of ${revision.name} cannot be read: ${found?.problem}`
  findings.push({ problem, remedy: 'make it again from the index', push: [again] })
  return again.stored
}
