/**
 * Compares a package in the index with the same in the registry. The index decides which revisions exist and where tags
 * point to; everything else about a revision is proved by its manifest.
 */

import { isDeepStrictEqual } from 'node:util'
import { recordAddition } from '../../../database/change-log.ts'
import type { Transaction } from '../../../database/connection.ts'
import { completePackage, type IndexedPackage } from '../../../database/maintenance/indexed-package.ts'
import { insertPackage } from '../../../database/maintenance/rebuild.ts'
import { replaceConflicts } from '../../../database/package-revisions/conflicts.ts'
import {
  findPackageRevision,
  insertPackageRevision,
  updatePackageRevision,
} from '../../../database/package-revisions/package-revisions.ts'
import { PLAIN_LISTING } from '../../../domain/glasskube/listing.ts'
import type { RevisionConflict } from '../../../domain/merge/revision-conflict.ts'
import { parseOciRepository, revisionName } from '../../../domain/names.ts'
import type { NewPackageRevision } from '../../../domain/package-revision.ts'
import { PACKAGE_RECORD_TAG, tagsOf } from '../../../domain/tags.ts'
import { manifestDescriptor } from '../../change-revision.ts'
import { listingRecord } from '../../listing-record.ts'
import { type RebuiltPackage, rebuildPackage } from '../reindex/rebuild-package.ts'
import type { StoredPackage } from '../reindex/stored-package.ts'
import { type Compared, withExpected } from './expected.ts'
import { confirms, expectedPackageRecord } from './expected-artifacts.ts'
import type { Finding } from './finding.ts'

export function comparePackage(compared: Compared): Finding[] {
  const { stored, indexed } = compared
  const findings: Finding[] = []
  const rebuilt = rebuildPackage(withExpected(compared, findings)) ?? nothingOf(stored)
  if (!indexed) {
    if (rebuilt.revisions.length + rebuilt.retired.length === 0) return findings
    if (!compared.ours && rebuilt.revisions.length > 0) return findings
    const problem = `the index does not have the package; the registry has ${rebuilt.revisions.length} revisions of it`
    const id = parseOciRepository(stored.name)
    const change = async (transaction: Transaction): Promise<void> => {
      if (!id) return
      await insertPackage(transaction, { ...rebuilt, id })
      for (const { revision } of rebuilt.revisions) {
        const added = await findPackageRevision(transaction, revisionName(revision))
        if (added) await recordAddition(transaction, added)
      }
    }
    return [...findings, { problem, remedy: 'add it to the index', change }]
  }
  findings.push(...stateFindings(stored, indexed, rebuilt), ...listingFindings(indexed, rebuilt))
  for (const { revision, conflicts } of rebuilt.revisions) {
    findings.push(...revisionFindings(indexed, revision, conflicts), ...tagFindings(stored, revision))
  }
  const found = new Set(rebuilt.revisions.map(({ revision }) => revisionName(revision)))
  for (const { revision } of indexed.revisions.filter((each) => !found.has(each.revision.name))) {
    findings.push({
      problem: `the registry does not have the revision ${revision.name}, which is in the index`,
      remedy: null,
    })
  }
  const removed = rebuilt.operations.flatMap((operation) => (operation.do === 'untag' ? operation.tags : []))
  for (const { tag, reason } of rebuilt.problems.filter((each) => !removed.includes(each.tag))) {
    const problem = `the tag ${tag} is reserved for pkgserver, but points to something else: ${reason}`
    findings.push({ problem, remedy: null })
  }
  if (removed.length > 0) {
    findings.push({
      problem: `these tags belong to no revision: ${removed.join(', ')}`,
      remedy: 'remove the tags',
      operations: [{ do: 'untag', tags: removed }],
    })
  }
  return findings
}

function nothingOf({ problems }: StoredPackage): Omit<RebuiltPackage, 'id'> {
  const none = { retired: [], listing: PLAIN_LISTING, revisions: [], operations: [] }
  return { ...none, highestRevision: 0, versioned: null, problems: [...problems] }
}

/** Tags that do not lead to their revision. */
function tagFindings({ tags }: StoredPackage, revision: NewPackageRevision): Finding[] {
  const to = manifestDescriptor(revision)
  const wrong = tagsOf(revision).filter((tag) => tags.get(tag)?.digest !== to.digest)
  return wrong.map((tag) => {
    const from = tags.get(tag)
    return {
      problem: `the tag ${tag} ${from ? `points to ${from.digest}` : 'is missing'}: it should point to ${to.digest}`,
      remedy: 'set it',
      operations: [{ do: 'tag', descriptor: to, tags: [tag] }],
    }
  })
}

/** Numbers, versions and workspaces that are used up. */
function stateFindings(
  stored: StoredPackage,
  indexed: IndexedPackage,
  rebuilt: Omit<RebuiltPackage, 'id'>,
): Finding[] {
  const findings: Finding[] = []
  const known = new Set(indexed.retired.map(({ workspace }) => workspace))
  const forgotten = rebuilt.retired.filter(({ workspace }) => !known.has(workspace))
  const state = {
    highestRevision: Math.max(indexed.highestRevision, rebuilt.highestRevision),
    versioned: rebuilt.versioned ?? indexed.versioned,
    retired: [...indexed.retired, ...forgotten].sort((a, b) => (a.workspace < b.workspace ? -1 : 1)),
  }
  const { highestRevision, versioned, retired } = indexed
  if (!isDeepStrictEqual({ highestRevision, versioned, retired }, state)) {
    findings.push({
      problem: `the index has lost used numbers or workspaces: the highest revision is ${state.highestRevision}, not ${highestRevision}; ${forgotten.length} more workspaces are retired`,
      remedy: 'add it to the index',
      change: (transaction) => completePackage(transaction, indexed.id, state),
    })
  }
  const record = stored.records.get(PACKAGE_RECORD_TAG)
  const recorded = record?.kind === 'package' ? record.data : undefined
  const names = new Set(recorded?.retired.map(({ workspace }) => workspace))
  const covered = Math.max(recorded?.highestRevision ?? 0, rebuilt.highestRevision)
  if (state.retired.some(({ workspace }) => !names.has(workspace)) || covered < state.highestRevision) {
    const packed = expectedPackageRecord(state)
    findings.push({
      problem: 'the record of used numbers and workspaces is incomplete',
      remedy: 'record it again',
      push: [packed],
      operations: [{ do: 'tag', descriptor: packed.manifest.descriptor, tags: [PACKAGE_RECORD_TAG] }],
    })
  }
  return findings
}

/** The listing of the index holds. */
function listingFindings({ listing }: IndexedPackage, rebuilt: Omit<RebuiltPackage, 'id'>): Finding[] {
  if (isDeepStrictEqual(listing, rebuilt.listing)) return []
  const { packed, operations } = listingRecord(listing)
  const problem = 'the record of the latest version and of deprecations differs from the index'
  return [{ problem, remedy: 'record it again', push: packed ? [packed] : [], operations }]
}

/** The row of a revision, compared with the revision as the registry has it. */
function revisionFindings(
  indexed: IndexedPackage,
  revision: NewPackageRevision,
  conflicts: readonly RevisionConflict[],
): Finding[] {
  const name = revisionName(revision)
  const row = indexed.revisions.find((each) => each.revision.name === name)
  if (!row) {
    return [
      {
        problem: `the index has no row for ${name}, which is in the registry`,
        remedy: 'add it to the index',
        change: async (transaction) => {
          await insertPackageRevision(transaction, indexed.id, revision)
          await replaceConflicts(transaction, name, conflicts)
        },
      },
    ]
  }
  const { name: _, upstreamLatest, resourceVersion, ...held } = row.revision
  const complete = withReviewOf(held, revision)
  const differing = (Object.keys(complete) as (keyof NewPackageRevision)[]).filter(
    (key) => !isDeepStrictEqual(held[key], complete[key]),
  )
  if (!isDeepStrictEqual(row.labels, row.revision.labels)) differing.push('labels')
  const findings: Finding[] = []
  if (differing.length > 0) {
    findings.push({
      problem: `the row of ${name} differs from the registry: ${[...new Set(differing)].join(', ')}`,
      remedy: 'update it from the registry',
      change: async (transaction) => {
        await updatePackageRevision(transaction, indexed.id, row.revision, complete)
      },
    })
  }
  if (row.conflicts.length === 0 && conflicts.length > 0) {
    findings.push({
      problem: `the index has no conflicts of ${name}, but ${conflicts.length} are recorded`,
      remedy: 'add them to the index',
      change: (transaction) => replaceConflicts(transaction, name, conflicts),
    })
  }
  return findings
}

/**
 * The revision as the registry has it, completed from its row: manifests written before migration 0008 say nothing of
 * reviews. Rows from before it know less of rejected deletions than the records, which is no difference.
 */
function withReviewOf(held: NewPackageRevision, revision: NewPackageRevision): NewPackageRevision {
  const { deletionRejection } = held
  const known = !deletionRejection || confirms(revision.deletionRejection, deletionRejection)
  return {
    ...revision,
    proposedReason: revision.proposedReason ?? held.proposedReason,
    review: revision.review ?? held.review,
    deletionRejection: known ? deletionRejection : revision.deletionRejection,
  }
}
