import type { PackageRevisionFilter } from '../../database/package-revisions/filter.ts'
import {
  type Cursor,
  cursorAt,
  listPackageRevisions as listRows,
} from '../../database/package-revisions/list.ts'
import type { PackageRevision, Sort } from '../../domain/package-revision.ts'
import type { Caller } from '../access/policy.ts'
import { viewKey, visibleTo } from '../access/visible.ts'
import type { ServiceContext } from '../context.ts'
import { type Page, type PageRequest, page } from './page.ts'

export async function listPackageRevisions(
  ctx: ServiceContext,
  caller: Caller,
  filter: PackageRevisionFilter,
  sort: Sort,
  request: PageRequest,
): Promise<Page<PackageRevision>> {
  return page(ctx, { list: 'packagerevisions', filter, sort, for: viewKey(caller) }, request, {
    fetch: (after: Cursor | undefined, limit) =>
      listRows(ctx.db, visibleTo(caller), filter, { sort, after, limit }),
    cursorAt: (revision) => cursorAt(revision, sort),
  })
}
