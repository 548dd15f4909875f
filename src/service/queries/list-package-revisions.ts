import type { PackageRevisionFilter } from '../../database/package-revisions/filter.ts'
import {
  type Cursor,
  cursorAt,
  listPackageRevisions as listRows,
} from '../../database/package-revisions/list.ts'
import type { PackageRevision, Sort } from '../../domain/package-revision.ts'
import type { ServiceContext } from '../context.ts'
import { type Page, type PageRequest, page } from './page.ts'

export async function listPackageRevisions(
  ctx: ServiceContext,
  filter: PackageRevisionFilter,
  sort: Sort,
  request: PageRequest,
): Promise<Page<PackageRevision>> {
  return page(ctx, { list: 'packagerevisions', filter, sort }, request, {
    fetch: (after: Cursor | undefined, limit) => listRows(ctx.db, filter, { sort, after, limit }),
    cursorAt: (revision) => cursorAt(revision, sort),
  })
}
