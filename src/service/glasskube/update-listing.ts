/** Changes which version of a Glasskube package is shown as the latest, and which are deprecated. */
import { isDeepStrictEqual } from 'node:util'
import { AppError } from '../../core/errors.ts'
import { findListing, saveListing } from '../../database/glasskube/published.ts'
import { findPackage } from '../../database/repositories/packages.ts'
import type { Deprecation, Listing } from '../../domain/glasskube/listing.ts'
import { ociRepository, type PackageId } from '../../domain/names.ts'
import type { Actor } from '../access/actor.ts'
import type { ServiceContext } from '../context.ts'
import { decide, finishEarlier } from '../intents.ts'
import { listingRecord } from '../listing-record.ts'
import type { PublishedPackage } from '../published-repositories.ts'
import { pushRecord } from '../registry-content.ts'
import { getRepository } from '../repository-record.ts'

/** A JSON merge patch (RFC 7396): undefined keeps a field, null resets it. */
export type ListingPatch = {
  latestVersion?: string | null | undefined
  deprecations?: Record<string, Deprecation | null> | null | undefined
}

/**
 * Throws `not_found`, `conflict` for a package of another format or a latest version that follows a source, and `invalid`
 * for a version that is not published.
 */
export async function updateListing(
  ctx: ServiceContext,
  actor: Actor,
  id: PackageId,
  patch: ListingPatch,
): Promise<void> {
  const target = ociRepository(id)
  const { format, source } = await getRepository(ctx.db, id.repository)
  if (format !== 'glasskube') {
    throw new AppError(
      'conflict',
      `${target} is no Glasskube package, so its latest revision is always its latest version`,
    )
  }
  if (source && patch.latestVersion !== undefined) {
    throw new AppError(
      'conflict',
      `the latest version of ${target} follows ${source.url}: change it there, or deprecate versions here`,
    )
  }
  await changeListing(ctx, actor, id, patch)
}

/** Throws `not_found` for a package of which nothing is published, and `invalid` for a version that is not published. */
export async function changeListing(
  ctx: ServiceContext,
  actor: Actor,
  id: PackageId,
  patch: ListingPatch,
): Promise<void> {
  const target = ociRepository(id)
  await ctx.locks.run(target, async () => {
    await finishEarlier(ctx, target)
    const state = await findPackage(ctx.db, id)
    const published = (await ctx.published.get(id.repository))?.packages.get(id.package)
    if (!state || !published) throw new AppError('not_found', `there is no published package ${target}`)
    const changed = patched(published, patch)
    if (isDeepStrictEqual(changed, await findListing(ctx.db, state.id))) return
    const { packed, operations } = listingRecord(changed)
    if (packed) await pushRecord(ctx, target, packed)
    await decide(ctx, actor, target, async (transaction) => {
      await saveListing(transaction, state.id, changed)
      return {
        result: undefined,
        operations,
        event: {
          type: 'package.updated',
          target: id,
          before: { version: published.listing.latestVersion },
          after: { version: changed.latestVersion },
          details: { fields: fieldsOf(patch).join(',') },
        },
      }
    })
  })
}

/** The deprecations of versions are fields of their own: `deprecations.1.0.0`. */
function fieldsOf({ latestVersion, deprecations }: ListingPatch): string[] {
  return [
    ...(latestVersion === undefined ? [] : ['latestVersion']),
    ...(deprecations === null ? ['deprecations'] : []),
    ...Object.keys(deprecations ?? {}).map((version) => `deprecations.${version}`),
  ]
}

function patched({ name, listing, versions }: PublishedPackage, patch: ListingPatch): Listing {
  const { latestVersion = listing.latestVersion, deprecations = {} } = patch
  const check = (version: string): void => {
    if (versions.some(({ parsed }) => parsed.text === version)) return
    throw new AppError('invalid', `${name} has no published version ${version}`)
  }
  if (patch.latestVersion) check(patch.latestVersion)
  const next = new Map(deprecations === null ? [] : Object.entries(listing.deprecations))
  for (const [version, deprecation] of Object.entries(deprecations ?? {})) {
    if (deprecation === null) {
      next.delete(version)
      continue
    }
    check(version)
    if (deprecation.successor === version)
      throw new AppError('invalid', `${version} cannot be its own successor`)
    if (deprecation.successor !== null) check(deprecation.successor)
    next.set(version, deprecation)
  }
  return { latestVersion, deprecations: Object.fromEntries([...next].sort(([a], [b]) => (a < b ? -1 : 1))) }
}
