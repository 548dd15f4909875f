/** Removes a repository with a source and all of its revisions: their originals are in the source. */

import { packRecord } from '../../artifact/record.ts'
import { AppError } from '../../core/errors.ts'
import type { Reader, Transaction } from '../../database/connection.ts'
import {
  deleteRevisionsOf,
  outsideDownstreams,
  revisionsOfRepository,
} from '../../database/package-revisions/of-repository.ts'
import {
  findPackage,
  releaseVersions,
  retiredWorkspaces,
  retireWorkspace,
} from '../../database/repositories/packages.ts'
import { deleteRepository } from '../../database/repositories/repositories.ts'
import type { Visibility } from '../../domain/access/visible-set.ts'
import { ociRepository, type PackageId } from '../../domain/names.ts'
import type { PackageRevision, RetiredWorkspace } from '../../domain/package-revision.ts'
import type { Repository } from '../../domain/repository.ts'
import { PACKAGE_RECORD_TAG, REPOSITORY_RECORD_TAG, tagsOf } from '../../domain/tags.ts'
import type { Actor } from '../access/actor.ts'
import { manifestDescriptor } from '../change-revision.ts'
import type { ServiceContext } from '../context.ts'
import { decide, finishEarlier } from '../intents.ts'
import { addOperations, type Operation } from '../operations.ts'
import { pushRecord } from '../registry-content.ts'
import { recordsRemoval } from '../review/delete-package-revision.ts'
import { usersOf } from '../used-by.ts'

type Removal = {
  packageId: number
  ociRepository: string
  retired: RetiredWorkspace[]
  operations: Operation[]
}

/**
 * Removes all of it in one transaction, so that a crash leaves everything or nothing. The caller holds the lock of the
 * repository. `also` is done in that transaction. Throws `in_use` where a revision of another repository is based on one of these.
 */
export async function removeDiscovered(
  ctx: ServiceContext,
  actor: Actor,
  { name }: Repository,
  visibility: Visibility,
  also: (transaction: Transaction) => Promise<void>,
): Promise<void> {
  const packages = packagesOf(await revisionsOfRepository(ctx.db, name))
  const names = packages.map(({ id }) => ociRepository(id)).sort()
  await withLocks(ctx, names, async () => {
    for (const oci of names) await finishEarlier(ctx, oci)
    await checkUnused(ctx.db, visibility, name)
    const removals: Removal[] = []
    for (const { id, revisions } of packages) removals.push(await removalOf(ctx, id, revisions))
    await decide(ctx, actor, name, async (transaction) => {
      await checkUnused(transaction, visibility, name)
      const count = packages.reduce((sum, { revisions }) => sum + revisions.length, 0)
      if ((await deleteRevisionsOf(transaction, name)) !== count) {
        throw new AppError('conflict', `the repository ${name} is being synced: try again`)
      }
      for (const removal of removals) await record(ctx, transaction, removal)
      await deleteRepository(transaction, name)
      await also(transaction)
      return {
        result: undefined,
        operations: [{ do: 'delete-tagged', tag: REPOSITORY_RECORD_TAG }],
        event: { type: 'repository.deleted', target: { repository: name }, details: { revisions: count } },
      }
    })
    // A failure is retried later: the removal is decided.
    for (const oci of names) await finishEarlier(ctx, oci).catch(ctx.report)
  })
}

function packagesOf(all: readonly PackageRevision[]): { id: PackageId; revisions: PackageRevision[] }[] {
  const byPath = Map.groupBy(all, (revision) => revision.package)
  return [...byPath].map(([path, revisions]) => ({
    id: { repository: revisions[0]?.repository ?? '', package: path },
    revisions,
  }))
}

/** Takes the locks in the order of their names, so that two callers cannot deadlock. */
function withLocks(
  ctx: ServiceContext,
  [first, ...others]: readonly string[],
  work: () => Promise<void>,
): Promise<void> {
  return first === undefined ? work() : ctx.locks.run(first, () => withLocks(ctx, others, work))
}

async function checkUnused(db: Reader, visibility: Visibility, name: string): Promise<void> {
  const users = await usersOf(db, visibility, (reader, seen, limit) =>
    outsideDownstreams(reader, seen, name, limit),
  )
  if (!users) return
  throw new AppError(
    'in_use',
    `the repository ${name} cannot be deleted: it has the upstreams of ${users.text}. Delete those first.`,
    { details: users.names.map((path) => ({ path, message: `has a revision of ${name} as its upstream` })) },
  )
}

/**
 * Prepares the removal of a package. Numbers and workspaces stay used up, but not versions: if the repository is made
 * again, they are found again and mean the same as in the source.
 */
async function removalOf(
  ctx: ServiceContext,
  id: PackageId,
  revisions: readonly PackageRevision[],
): Promise<Removal> {
  const state = await findPackage(ctx.db, id)
  if (!state) throw new AppError('internal', `the package ${ociRepository(id)} is missing from the database`)
  const retired = revisions.map(({ workspace, revision }) => {
    return { workspace, revision, version: null, deletion: null }
  })
  const { highestRevision, versioned } = state
  const before = await retiredWorkspaces(ctx.db, state.id)
  const packedRecord = packRecord('package', {
    highestRevision,
    versioned,
    retired: [...before.map((one) => ({ ...one, version: null })), ...retired],
  })
  await pushRecord(ctx, ociRepository(id), packedRecord)
  return {
    packageId: state.id,
    ociRepository: ociRepository(id),
    retired,
    operations: [
      { do: 'tag', descriptor: packedRecord.manifest.descriptor, tags: [PACKAGE_RECORD_TAG] },
      ...revisions.flatMap((revision): Operation[] => [
        { do: 'untag', tags: tagsOf(revision) },
        ...recordsRemoval(revision),
        { do: 'delete', descriptor: manifestDescriptor(revision) },
      ]),
    ],
  }
}

async function record(ctx: ServiceContext, transaction: Transaction, removal: Removal): Promise<void> {
  const { packageId, operations } = removal
  await releaseVersions(transaction, packageId)
  for (const retired of removal.retired) await retireWorkspace(transaction, packageId, retired)
  await addOperations(transaction, removal.ociRepository, operations, ctx.now())
  ctx.intents.unfinished.add(removal.ociRepository)
}
