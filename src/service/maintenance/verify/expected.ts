import { isDeepStrictEqual } from 'node:util'
import type { StoredRevision } from '../../../artifact/read-package-manifest.ts'
import { packRecord } from '../../../artifact/record.ts'
import type { IndexedPackage, IndexedRevision } from '../../../database/maintenance/indexed-package.ts'
import type { NewPackageRevision } from '../../../domain/package-revision.ts'
import { conflictsTag, deletionProposedTag, tagsOf } from '../../../domain/tags.ts'
import type { Descriptor } from '../../../oci/descriptor.ts'
import { manifestDescriptor } from '../../change-revision.ts'
import { tagRecord } from '../../review/deletion-records.ts'
import type { StoredPackage, StoredRecord } from '../reindex/stored-package.ts'
import { confirms, expectedDeletionRecords, expectedManifest } from './expected-artifacts.ts'
import type { Finding } from './finding.ts'

export type Compared = {
  stored: StoredPackage
  indexed: IndexedPackage | undefined
  /** By digest: the manifest, or why it cannot be read. */
  manifests: ReadonlyMap<string, StoredRevision | { problem: string }>
  /** Whether its repository exists: otherwise what the registry has is that of other clients. */
  ours: boolean
}

/** The content of the registry if it agreed with the index. */
type Expected = {
  tags: Map<string, Descriptor>
  revisions: Map<string, StoredRevision>
  records: Map<string, StoredRecord>
}

/**
 * The registry as the index expects it: the manifests of its rows under their tags. Adds a finding for everything that
 * is missing.
 */
export function withExpected({ stored, indexed, manifests }: Compared, findings: Finding[]): StoredPackage {
  const expected: Expected = {
    tags: new Map(stored.tags),
    revisions: new Map(stored.revisions),
    records: new Map(stored.records),
  }
  for (const row of indexed?.revisions ?? []) {
    const manifest = readableManifest(row.revision, manifests, findings)
    if (!manifest) continue
    const descriptor = manifestDescriptor(row.revision)
    expected.revisions.set(descriptor.digest, manifest)
    // Without the moving tags: their holders follow from the rest.
    for (const tag of tagsOf({ ...manifest.record, latest: false, latestBuild: false }))
      expected.tags.set(tag, descriptor)
    expectDeletionRecords(stored, expected, row.revision, findings)
    expectConflicts(stored, expected, row, findings)
  }
  for (const { revision } of indexed?.revisions ?? []) expectNoProposal(expected, revision, findings)
  return { ...stored, ...expected }
}

function expectDeletionRecords(
  stored: StoredPackage,
  expected: Expected,
  revision: IndexedRevision['revision'],
  findings: Finding[],
): void {
  for (const record of expectedDeletionRecords(revision)) {
    const known = stored.records.get(record.tag)
    if (known?.kind === record.kind && confirms(known.data, record.data)) continue
    findings.push({
      problem: `the decision about the deletion of ${revision.name} is not recorded`,
      remedy: 'record it again',
      push: [record.packed],
      operations: [tagRecord(record)],
    })
    expected.records.set(record.tag, record)
    expected.tags.set(record.tag, record.packed.manifest.descriptor)
  }
}

function expectConflicts(
  stored: StoredPackage,
  expected: Expected,
  { revision, conflicts }: IndexedRevision,
  findings: Finding[],
): void {
  const tag = conflictsTag(revision.workspace)
  const data = { workspace: revision.workspace, conflicts }
  if (conflicts.length === 0 || isDeepStrictEqual(stored.records.get(tag)?.data, data)) return
  const packed = packRecord('conflicts', data)
  findings.push({
    problem: `the conflicts of ${revision.name} are not recorded correctly`,
    remedy: 'record them again',
    push: [packed],
    operations: [{ do: 'tag', descriptor: packed.manifest.descriptor, tags: [tag] }],
  })
  expected.records.set(tag, { kind: 'conflicts', data })
  expected.tags.set(tag, packed.manifest.descriptor)
}

/** A revision whose deletion is not proposed any more has the tag of a proposal only by mistake. */
function expectNoProposal(
  { tags, records }: Expected,
  { lifecycle, revision }: NewPackageRevision,
  findings: Finding[],
): void {
  const tag = deletionProposedTag(revision)
  if (lifecycle !== 'Published' || records.get(tag)?.kind !== 'deletion-proposal') return
  findings.push({
    problem: `the tag ${tag} proposes a deletion that is not in the index`,
    remedy: 'remove the tag',
    operations: [{ do: 'untag', tags: [tag] }],
  })
  records.delete(tag)
  tags.delete(tag)
}

/** The manifest of a revision; where it is lost, the same made from the row, if the row still gives its digest. */
function readableManifest(
  revision: NewPackageRevision & { name: string },
  manifests: Compared['manifests'],
  findings: Finding[],
): StoredRevision | undefined {
  const found = manifests.get(revision.artifact.digest)
  if (found && !('problem' in found)) return found
  const again = expectedManifest(revision)
  if (!again) return undefined
  const problem = `the manifest ${revision.artifact.digest} of ${revision.name} cannot be read: ${found?.problem}`
  findings.push({ problem, remedy: 'make it again from the index', push: [again] })
  return again.stored
}
