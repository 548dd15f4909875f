import {
  listPackages as listRows,
  type PackageFilter,
  type PackageSummary,
} from '../../database/repositories/package-list.ts'
import type { PackageId } from '../../domain/names.ts'
import type { Caller } from '../access/policy.ts'
import { viewKey, visibleTo } from '../access/visible.ts'
import type { ServiceContext } from '../context.ts'
import { type Page, type PageRequest, page } from './page.ts'

export async function listPackages(
  ctx: ServiceContext,
  caller: Caller,
  filter: PackageFilter,
  request: PageRequest,
): Promise<Page<PackageSummary>> {
  return page(ctx, { list: 'packages', filter, for: viewKey(caller) }, request, {
    fetch: (after: PackageId | undefined, limit) =>
      listRows(ctx.db, visibleTo(caller), filter, { after, limit }),
    cursorAt: ({ repository, package: path }) => ({ repository, package: path }),
  })
}
