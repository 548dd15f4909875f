import type { Transaction } from '../../database/connection.ts'
import { insertPackageRevision, moveMark } from '../../database/package-revisions/package-revisions.ts'
import { addPackage, type PackageState, recordPublication } from '../../database/repositories/packages.ts'
import { ociRepository, revisionName } from '../../domain/names.ts'
import type { PackageRevision } from '../../domain/package-revision.ts'
import { draftTag } from '../../domain/tags.ts'
import type { Actor } from '../access/actor.ts'
import { revisionEvent } from '../audit/revision-event.ts'
import { pushRevision, replaceRow, tagOperation, type UnpushedRevision } from '../change-revision.ts'
import type { ServiceContext } from '../context.ts'
import { decide } from '../intents.ts'
import { holdersWithout, isHigherBuild, NO_HOLDERS } from './moving-tags.ts'

/** The fields that a publication decides. */
type Decided =
  | 'lifecycle'
  | 'revision'
  | 'latest'
  | 'latestBuild'
  | 'updatedAt'
  | 'publishedBy'
  | 'publishedAt'

export type Publication = {
  /** undefined for the first revision of a package that the index does not have yet. */
  package: PackageState | undefined
  /** The row that the published revision replaces; without one it is added. */
  replaces?: PackageRevision
  revision: Omit<UnpushedRevision, Decided>
  actor: Actor
  at: string
  reason?: string | null
  /** Runs in the transaction before anything is written. */
  check?: (transaction: Transaction) => Promise<void>
  /** Runs in the transaction after the revision is written: both are committed or neither. */
  inTransaction?: (transaction: Transaction, published: PackageRevision) => Promise<void>
}

/**
 * Publishes a revision with the next number of its package: pushes its manifest, decides, and moves the tags. The
 * caller holds the lock of the package.
 */
export async function publish(ctx: ServiceContext, publication: Publication): Promise<PackageRevision> {
  const { package: state, replaces, actor, at, reason = null } = publication
  const { version } = publication.revision
  const named = { name: revisionName(publication.revision), version }
  const holders = state ? await holdersWithout(ctx.db, state.id, named) : NO_HOLDERS
  const published = await pushRevision(ctx, {
    ...publication.revision,
    lifecycle: 'Published',
    revision: (state?.highestRevision ?? 0) + 1,
    latest: true,
    latestBuild: isHigherBuild(version, holders.latestBuild),
    updatedAt: at,
    publishedBy: actor.name,
    publishedAt: at,
  })
  return decide(ctx, actor, ociRepository(published), async (transaction) => {
    await publication.check?.(transaction)
    const packageId = state?.id ?? (await addPackage(transaction, published))
    const { revision } = published
    await recordPublication(transaction, packageId, { revision, versioned: version !== null })
    await moveMark(transaction, 'latest', holders.latest?.name, undefined)
    if (published.latestBuild)
      await moveMark(transaction, 'latest_build', holders.latestBuild?.name, undefined)
    const result = replaces
      ? await replaceRow(transaction, { revision: replaces, package: { id: packageId } }, published)
      : await insertPackageRevision(transaction, packageId, published)
    await publication.inTransaction?.(transaction, result)
    const operations = [tagOperation(published)]
    if (replaces) operations.push({ do: 'untag', tags: [draftTag(published.workspace)] })
    return {
      result,
      operations,
      event: revisionEvent({ type: 'revision.published', reason }, replaces, result),
    }
  })
}
