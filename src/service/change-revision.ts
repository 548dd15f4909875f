/** Shared by all changes of package revisions: one at a time for each package, on its current state. */

import { type LayerReference, packageManifest } from '../artifact/package-manifest.ts'
import { AppError } from '../core/errors.ts'
import type { Reader, Transaction } from '../database/connection.ts'
import {
  findPackageRevision,
  updatePackageRevision,
} from '../database/package-revisions/package-revisions.ts'
import { findPackage, type PackageState } from '../database/repositories/packages.ts'
import { ociRepository, parseRevisionName } from '../domain/names.ts'
import type { NewPackageRevision, PackageRevision } from '../domain/package-revision.ts'
import { tagsOf } from '../domain/tags.ts'
import type { Descriptor } from '../oci/descriptor.ts'
import { MEDIA_TYPE } from '../oci/media-types.ts'
import type { Actor } from './access/actor.ts'
import { revisionEvent, type Told } from './audit/revision-event.ts'
import { recordAuthor } from './authors.ts'
import type { ServiceContext } from './context.ts'
import { decide, finishEarlier } from './intents.ts'
import type { Operation } from './operations.ts'
import { checkPrecondition, type Precondition } from './precondition.ts'
import { pushManifest } from './registry-content.ts'

/** A revision as it is now, and who changes it. */
export type Current = { actor: Actor; revision: PackageRevision; package: PackageState }

/** Throws `not_found`. */
export async function getRevision(db: Reader, name: string): Promise<PackageRevision> {
  parseRevisionName(name)
  const revision = await findPackageRevision(db, name)
  if (revision) return revision
  throw new AppError('not_found', `there is no package revision ${name}`)
}

/** Runs work on a revision, holding the lock of its package. Throws `not_found` and `precondition_failed`. */
export async function withRevision<T>(
  ctx: ServiceContext,
  actor: Actor,
  name: string,
  precondition: Precondition,
  work: (current: Current) => Promise<T>,
): Promise<T> {
  const repository = ociRepository(parseRevisionName(name))
  return ctx.locks.run(repository, async () => {
    await finishEarlier(ctx, repository)
    const revision = await getRevision(ctx.db, name)
    checkPrecondition(name, revision.resourceVersion, precondition)
    const state = await findPackage(ctx.db, revision)
    if (!state) throw new AppError('internal', `the package of ${name} is missing from the database`)
    return work({ actor, revision, package: state })
  })
}

/** A revision whose manifest is still to be made: `pushRevision` completes it. */
export type UnpushedRevision = Omit<NewPackageRevision, 'artifact'> & { layer: LayerReference }

/**
 * Who changes a revision, and what the audit log records of that. `content`: false for a step of a review, and for what
 * programs report, which make the caller no author.
 */
export type Change = Told & { actor: Actor; content?: boolean }

/** More that is decided in the transaction that saves a revision. */
export type Also = {
  decide: (transaction: Transaction, saved: PackageRevision) => Promise<void>
  operations: readonly Operation[]
}

/** Changes a Draft or Proposed revision: pushes its new manifest, decides, and moves its tag. */
export async function saveRevision(
  ctx: ServiceContext,
  { actor, content = true, ...told }: Change,
  current: Current,
  changes: Partial<UnpushedRevision>,
  also?: Also,
): Promise<PackageRevision> {
  const { artifact, ...before } = current.revision
  const written = await pushRevision(ctx, { ...before, layer: artifact, ...changes })
  return decide(ctx, actor, ociRepository(written), async (transaction) => {
    const result = await replaceRow(transaction, current, written)
    if (content) await recordAuthor(transaction, actor, result.name, 'edited')
    await also?.decide(transaction, result)
    return {
      result,
      operations: [tagOperation(written), ...(also?.operations ?? [])],
      event: revisionEvent(told, current.revision, result),
    }
  })
}

/** Pushes the manifest of a revision, and completes the revision with it. */
export async function pushRevision(
  ctx: ServiceContext,
  { layer, ...content }: UnpushedRevision,
): Promise<NewPackageRevision> {
  const manifest = packageManifest(content, layer)
  await pushManifest(ctx, ociRepository(content), manifest)
  const { digest, size } = manifest.descriptor
  return { ...content, artifact: { ...layer, digest, size } }
}

/** Replaces the revision's row. Throws `conflict` where another process has changed it since it was read. */
export async function replaceRow(
  transaction: Transaction,
  { revision, package: { id } }: { revision: PackageRevision; package: Pick<PackageState, 'id'> },
  next: NewPackageRevision,
): Promise<PackageRevision> {
  const updated = await updatePackageRevision(transaction, id, revision, next)
  if (updated) return updated
  throw new AppError('conflict', `another client changed ${revision.name} at the same time: try again`)
}

export function manifestDescriptor({ artifact }: Pick<PackageRevision, 'artifact'>): Descriptor {
  return { mediaType: MEDIA_TYPE.manifest, digest: artifact.digest, size: artifact.size }
}

/** Points all tags of a revision to its manifest. */
export function tagOperation(revision: NewPackageRevision): Operation {
  return { do: 'tag', descriptor: manifestDescriptor(revision), tags: tagsOf(revision) }
}
