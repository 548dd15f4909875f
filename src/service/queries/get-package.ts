import { AppError } from '../../core/errors.ts'
import { findPackageSummary, type PackageSummary } from '../../database/repositories/package-list.ts'
import type { Listing } from '../../domain/glasskube/listing.ts'
import { ociRepository, type PackageId } from '../../domain/names.ts'
import type { Caller } from '../access/policy.ts'
import { visibleTo } from '../access/visible.ts'
import type { ServiceContext } from '../context.ts'
import { withLatestVersion } from './list-packages.ts'

/** `listing`: only of a Glasskube package that something is published of. */
export type Package = PackageSummary & { listing?: Listing | undefined }

/** Throws `not_found`. */
export async function getPackage(ctx: ServiceContext, caller: Caller, id: PackageId): Promise<Package> {
  const summary = await findPackageSummary(ctx.db, visibleTo(caller), id)
  if (!summary) throw new AppError('not_found', `there is no package ${ociRepository(id)}`)
  const published = (await ctx.published.get(id.repository))?.packages.get(id.package)
  return { ...withLatestVersion(summary, published), listing: published?.listing }
}
