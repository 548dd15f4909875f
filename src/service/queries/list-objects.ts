import { AppError } from '../../core/errors.ts'
import type { Contained } from '../../database/contents/containing-revisions.ts'
import {
  type FoundObject,
  listObjects as listRows,
  type ObjectFilter,
} from '../../database/contents/object-list.ts'
import type { Caller } from '../access/policy.ts'
import { viewKey, visibleTo } from '../access/visible.ts'
import type { ServiceContext } from '../context.ts'
import { type Page, type PageRequest, page } from './page.ts'

/** Lists objects of visible revisions. Throws `invalid` for a filter without any field of objects. */
export async function listObjects(
  ctx: ServiceContext,
  caller: Caller,
  filter: ObjectFilter,
  request: PageRequest,
): Promise<Page<Contained<FoundObject>>> {
  const { latest, ...object } = filter
  if (Object.values(object).every((value) => value === undefined)) {
    throw new AppError('invalid', 'at least one of apiVersion, kind, namespace and name is required')
  }
  return page(ctx, { list: 'objects', filter, for: viewKey(caller) }, request, {
    fetch: (after: FoundObject | undefined, limit) =>
      listRows(ctx.db, visibleTo(caller), filter, { after, limit }),
    small: true,
    cursorAt: ({ in: { name }, ...found }) => ({ ...found, behind: name }),
  })
}
