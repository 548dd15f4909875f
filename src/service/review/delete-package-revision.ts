import { packRecord } from '../../artifact/record.ts'
import { AppError } from '../../core/errors.ts'
import type { Transaction } from '../../database/connection.ts'
import {
  deletePackageRevision as deleteRow,
  downstreamNames,
  moveMark,
} from '../../database/package-revisions/package-revisions.ts'
import { retiredWorkspaces, retireWorkspace } from '../../database/repositories/packages.ts'
import type { Visibility } from '../../domain/access/visible-set.ts'
import { type Condition, withCondition } from '../../domain/conditions.ts'
import type { Decision } from '../../domain/decision.ts'
import { isPublished, transition } from '../../domain/lifecycle.ts'
import { ociRepository } from '../../domain/names.ts'
import type { PackageRevision } from '../../domain/package-revision.ts'
import { policiesOf } from '../../domain/review/policy.ts'
import {
  buildlessTag,
  conflictsTag,
  deletionProposedTag,
  deletionRejectedTag,
  LATEST_TAG,
  PACKAGE_RECORD_TAG,
  tagsOf,
} from '../../domain/tags.ts'
import type { Caller } from '../access/policy.ts'
import { requirePermission } from '../access/require-permission.ts'
import { revisionEvent } from '../audit/revision-event.ts'
import { type Current, manifestDescriptor, replaceRow, withRevision } from '../change-revision.ts'
import type { ServiceContext } from '../context.ts'
import { decide } from '../intents.ts'
import type { Operation } from '../operations.ts'
import type { Precondition } from '../precondition.ts'
import { pushRecord } from '../registry-content.ts'
import { usersOf } from '../used-by.ts'
import { type Holders, holdersWithout } from './moving-tags.ts'
import { decisionOf } from './review.ts'

/** Deletes a Draft, a Proposed one, or one whose deletion was proposed. Throws `forbidden` for a caller that may only delete drafts. */
export async function deletePackageRevision(
  ctx: ServiceContext,
  { policy, actor }: Caller,
  name: string,
  precondition: Precondition,
): Promise<void> {
  await withRevision(ctx, actor, name, precondition, async (current) => {
    const { repository, package: path, lifecycle } = current.revision
    if (isPublished(lifecycle)) {
      requirePermission(policy, actor, 'delete', { repository, package: path })
    }
    transition(name, current.revision.lifecycle, 'delete')
    const check = (transaction: Transaction) => checkUnreviewed(ctx, transaction, current)
    await deleteRevision(ctx, current, decisionOf(ctx, actor), { check })
  })
}

/** Throws `forbidden` where the deletion of what is published needs votes. */
async function checkUnreviewed(
  ctx: ServiceContext,
  transaction: Transaction,
  { revision }: Current,
): Promise<void> {
  if (!isPublished(revision.lifecycle)) return
  const [held] = policiesOf((await ctx.policyOf(transaction)).reviewPolicies, revision)
  if (!held) return
  throw new AppError(
    'forbidden',
    `the review policy ${held.name} holds for ${revision.name}, so its deletion needs approvals: approve it`,
  )
}

/** `check` runs in the transaction. `condition`: what the revision has as it goes. */
type DeletionOptions = {
  check: (transaction: Transaction) => Promise<void>
  condition?: Condition | undefined
}

/** Deletes a revision whose lifecycle allows it. Resolves to what it was. Throws `in_use`. */
export async function deleteRevision(
  ctx: ServiceContext,
  current: Current,
  deletion: Decision,
  { check, condition }: DeletionOptions,
): Promise<PackageRevision> {
  const { actor, revision, package: state } = current
  const { name, workspace, version } = revision
  const repository = ociRepository(revision)
  const visibility = await ctx.visibilityOf(actor)
  const published = revision.revision > 0
  const holders = await holdersWithout(ctx.db, state.id, revision)
  // A draft's version was never published, so another draft may declare it.
  const retired = {
    workspace,
    revision: revision.revision,
    version: published ? version : null,
    deletion,
  }
  const record = packRecord('package', {
    highestRevision: state.highestRevision,
    versioned: state.versioned,
    retired: [...(await retiredWorkspaces(ctx.db, state.id)), retired],
  })
  await pushRecord(ctx, repository, record)
  return decide(ctx, actor, repository, async (transaction) => {
    await check(transaction)
    await checkUnused(transaction, visibility, name)
    const last = condition ? await marked(transaction, current, condition, deletion.at) : revision
    if (!(await deleteRow(transaction, name, last.resourceVersion))) {
      throw new AppError('conflict', `another client changed ${name} at the same time: try again`)
    }
    await retireWorkspace(transaction, state.id, retired)
    if (revision.latest) await moveMark(transaction, 'latest', undefined, holders.latest?.name)
    if (revision.latestBuild)
      await moveMark(transaction, 'latest_build', undefined, holders.latestBuild?.name)
    return {
      result: last,
      operations: [
        { do: 'tag', descriptor: record.manifest.descriptor, tags: [PACKAGE_RECORD_TAG] },
        ...handOver(revision, holders),
        ...conflictsRemoval(revision),
        { do: 'delete', descriptor: manifestDescriptor(revision) },
      ],
      event: revisionEvent({ type: 'revision.deleted', reason: deletion.reason }, revision, undefined),
    }
  })
}

async function marked(
  transaction: Transaction,
  current: Current,
  condition: Condition,
  at: string,
): Promise<PackageRevision> {
  const conditions = withCondition(current.revision.conditions, condition)
  return replaceRow(transaction, current, { ...current.revision, conditions, updatedAt: at })
}

async function checkUnused(transaction: Transaction, visibility: Visibility, name: string): Promise<void> {
  const users = await usersOf(transaction, visibility, (db, seen, limit) =>
    downstreamNames(db, seen, name, limit),
  )
  if (!users) return
  throw new AppError(
    'in_use',
    `${name} cannot be deleted: it is the upstream of ${users.text}. Upgrade or delete those first.`,
    { details: users.names.map((path) => ({ path, message: `has ${name} as its upstream` })) },
  )
}

function conflictsRemoval({ workspace, conditions }: PackageRevision): Operation[] {
  const merged = conditions.some(({ type }) => type === 'Merged')
  return merged ? [{ do: 'delete-tagged', tag: conflictsTag(workspace) }] : []
}

/** Moves the moving tags to their next holders, and removes all other tags. */
function handOver(revision: PackageRevision, holders: Holders): Operation[] {
  const operations: Operation[] = []
  const moved: string[] = []
  const move = (tag: string, to: PackageRevision | undefined): void => {
    if (!to) return
    operations.push({ do: 'tag', descriptor: manifestDescriptor(to), tags: [tag] })
    moved.push(tag)
  }
  if (revision.latest) move(LATEST_TAG, holders.latest)
  if (revision.latestBuild && revision.version) move(buildlessTag(revision.version), holders.latestBuild)
  const gone = tagsOf(revision).filter((tag) => !moved.includes(tag))
  operations.push({ do: 'untag', tags: gone })
  if (revision.revision > 0) operations.push(...recordsRemoval(revision))
  return operations
}

/** Deletes the records beside a published revision. */
export function recordsRemoval({ revision }: PackageRevision): Operation[] {
  return [deletionProposedTag(revision), deletionRejectedTag(revision)].map((tag) => ({
    do: 'delete-tagged',
    tag,
  }))
}
