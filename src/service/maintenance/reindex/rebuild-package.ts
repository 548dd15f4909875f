/** Derives the rows of a package from its content in the registry. */

import type { StoredRevision } from '../../../artifact/read-package-manifest.ts'
import type { RecordData } from '../../../artifact/record.ts'
import type { PackageContent } from '../../../database/maintenance/rebuild.ts'
import { withCondition } from '../../../domain/conditions.ts'
import { type Decision, deletionProposedCondition } from '../../../domain/decision.ts'
import { PLAIN_LISTING } from '../../../domain/glasskube/listing.ts'
import { parseOciRepository } from '../../../domain/names.ts'
import type { NewPackageRevision, RetiredWorkspace } from '../../../domain/package-revision.ts'
import {
  buildlessTag,
  conflictsTag,
  deletionProposedTag,
  deletionRejectedTag,
  draftTag,
  fixedTags,
  LATEST_TAG,
  LISTING_RECORD_TAG,
  PACKAGE_RECORD_TAG,
  tagsOf,
} from '../../../domain/tags.ts'
import { parseVersion } from '../../../domain/version.ts'
import { manifestDescriptor } from '../../change-revision.ts'
import type { Operation } from '../../operations.ts'
import type { StoredPackage } from './stored-package.ts'

export type RebuiltPackage = PackageContent & {
  /** The rest of a change that a crash interrupted before all tags were set. */
  operations: Operation[]
  problems: { tag: string; reason: string }[]
}

/** undefined for an OCI repository without a package of pkgserver. Adds to the problems why tags are ignored. */
export function rebuildPackage(
  stored: StoredPackage,
  problems = [...stored.problems],
): RebuiltPackage | undefined {
  const id = parseOciRepository(stored.name)
  if (!id) return undefined
  const record = recordOf(stored, PACKAGE_RECORD_TAG, 'package')
  const retired = record?.retired ?? []
  const accepted = withMarks(acceptedRevisions(stored, retired, problems))
  if (!record && accepted.length === 0) return undefined
  const revisions = accepted.map((revision) => withDecisions(revision, stored))
  const published = revisions.filter(({ revision }) => revision > 0)
  const numbers = [...published, ...retired].map(({ revision }) => revision)
  return {
    id,
    highestRevision: Math.max(record?.highestRevision ?? 0, 0, ...numbers),
    versioned: published[0] ? published[0].version !== null : (record?.versioned ?? null),
    retired,
    listing: recordOf(stored, LISTING_RECORD_TAG, 'listing') ?? PLAIN_LISTING,
    revisions: revisions.map((revision) => ({
      revision,
      conflicts: recordOf(stored, conflictsTag(revision.workspace), 'conflicts')?.conflicts ?? [],
    })),
    operations: tagRepairs(stored, revisions),
    problems,
  }
}

/** The data of a record under a tag. */
function recordOf<Kind extends keyof RecordData>(
  { records }: StoredPackage,
  tag: string,
  kind: Kind,
): RecordData[Kind] | undefined {
  const record = records.get(tag)
  return record?.kind === kind ? (record.data as RecordData[Kind]) : undefined
}

/**
 * The revisions that the tags lead to. An interrupted publication counts as soon as one of its tags is set, because it
 * may be deployed. An interrupted deletion counts as soon as it is recorded.
 */
function acceptedRevisions(
  { tags, revisions }: StoredPackage,
  retired: readonly RetiredWorkspace[],
  problems: RebuiltPackage['problems'],
): StoredRevision[] {
  const accepted = new Map<string, StoredRevision>()
  const workspaces = new Set(retired.map(({ workspace }) => workspace))
  const taken = new Set<string>()
  const accept = (tag: string, stored: StoredRevision): void => {
    const { workspace, revision, version } = stored.record
    if (accepted.has(stored.artifact.digest) || workspaces.has(workspace)) return
    const claims = [`number ${revision}`, `version ${version}`].slice(revision > 0 ? 0 : 1)
    const clash = claims.find((claim) => claim !== 'version null' && taken.has(claim))
    if (clash) {
      problems.push({ tag, reason: `another revision of the package has its ${clash}` })
      return
    }
    for (const claim of claims) taken.add(claim)
    workspaces.add(workspace)
    accepted.set(stored.artifact.digest, stored)
  }
  const tagged = [...tags].flatMap(([tag, { digest }]) => {
    const stored = revisions.get(digest)
    return stored ? [{ tag, stored }] : []
  })
  const published = tagged.filter(({ stored }) => stored.record.revision > 0)
  const drafts = tagged.filter(({ stored }) => stored.record.revision === 0)
  // The tag of its own number first: it is the most reliable one.
  for (const { tag, stored } of published.filter((each) => each.tag === `v${each.stored.record.revision}`))
    accept(tag, stored)
  for (const { tag, stored } of published) {
    if (mayHave(tag, stored)) accept(tag, stored)
    else problems.push({ tag, reason: `it points to revision ${stored.record.revision}` })
  }
  for (const { tag, stored } of drafts) {
    if (tag === draftTag(stored.record.workspace)) accept(tag, stored)
    else problems.push({ tag, reason: `it points to the draft ${stored.record.workspace}` })
  }
  return [...accepted.values()]
}

function mayHave(tag: string, { record: { revision, version } }: StoredRevision): boolean {
  const moving = version?.includes('+') ? [LATEST_TAG, buildlessTag(version)] : [LATEST_TAG]
  return [...fixedTags(revision, version), ...moving].includes(tag)
}

function withMarks(stored: readonly StoredRevision[]): NewPackageRevision[] {
  const latest = Math.max(0, ...stored.map(({ record }) => record.revision))
  const highestBuilds = new Map<string, number>()
  for (const { record } of stored) {
    const build = record.revision > 0 ? buildOf(record.version) : undefined
    if (build) highestBuilds.set(build.base, Math.max(build.build, highestBuilds.get(build.base) ?? -1))
  }
  return stored.map(({ record, artifact }) => {
    const build = record.revision > 0 ? buildOf(record.version) : undefined
    return {
      ...record,
      latest: record.revision > 0 && record.revision === latest,
      latestBuild: build !== undefined && highestBuilds.get(build.base) === build.build,
      deletionProposal: null,
      deletionRejection: null,
      artifact,
    }
  })
}

function buildOf(version: string | null): { base: string; build: number } | undefined {
  return version?.includes('+') ? parseVersion(version) : undefined
}

/** The revision with the decisions about its deletion, which are recorded beside its manifest. */
function withDecisions(revision: NewPackageRevision, stored: StoredPackage): NewPackageRevision {
  const { revision: number } = revision
  const proposal = recordOf(stored, deletionProposedTag(number), 'deletion-proposal')
  const rejection = recordOf(stored, deletionRejectedTag(number), 'deletion-rejection')
  let decided = revision
  if (rejection?.revision === number && number > 0) {
    const { rejectedBy: by, rejectedAt: at, reason } = rejection
    decided = { ...decided, updatedAt: at, deletionRejection: { by, at, reason } }
  }
  if (proposal?.revision === number && number > 0) {
    const { proposedBy: by, proposedAt: at, reason } = proposal
    const decision: Decision = { by, at, reason }
    decided = {
      ...decided,
      lifecycle: 'DeletionProposed',
      conditions: withCondition(decided.conditions, deletionProposedCondition(decision)),
      updatedAt: at,
      deletionProposal: decision,
    }
  }
  return decided
}

/** Sets the tags that an interrupted change has not set yet, and removes those that it has not removed. */
function tagRepairs(stored: StoredPackage, revisions: readonly NewPackageRevision[]): Operation[] {
  const operations: Operation[] = []
  const known = new Set([PACKAGE_RECORD_TAG, LISTING_RECORD_TAG])
  for (const revision of revisions) {
    const descriptor = manifestDescriptor(revision)
    const expected = tagsOf(revision)
    const missing = expected.filter((tag) => stored.tags.get(tag)?.digest !== descriptor.digest)
    if (missing.length > 0) operations.push({ do: 'tag', descriptor, tags: missing })
    for (const tag of expected) known.add(tag)
    known.add(conflictsTag(revision.workspace))
    if (revision.lifecycle === 'DeletionProposed') known.add(deletionProposedTag(revision.revision))
    if (revision.revision > 0) known.add(deletionRejectedTag(revision.revision))
  }
  // Only tags on content of pkgserver: others may serve a purpose.
  const ours = ([tag, { digest }]: [string, { digest: string }]) =>
    stored.revisions.has(digest) || stored.records.has(tag)
  const left = [...stored.tags].filter(ours).map(([tag]) => tag)
  const gone = left.filter((tag) => !known.has(tag))
  if (gone.length > 0) operations.push({ do: 'untag', tags: gone })
  return operations
}
