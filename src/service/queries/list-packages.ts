import {
  listPackages as listRows,
  type PackageFilter,
  type PackageSummary,
} from '../../database/repositories/package-list.ts'
import type { PackageId } from '../../domain/names.ts'
import type { ServiceContext } from '../context.ts'
import { type Page, type PageRequest, page } from './page.ts'

export async function listPackages(
  ctx: ServiceContext,
  filter: PackageFilter,
  request: PageRequest,
): Promise<Page<PackageSummary>> {
  return page(ctx, { list: 'packages', filter }, request, {
    fetch: (after: PackageId | undefined, limit) => listRows(ctx.db, filter, { after, limit }),
    cursorAt: ({ repository, package: path }) => ({ repository, package: path }),
  })
}
