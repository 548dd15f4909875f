import {
  type Downstream,
  type DownstreamCursor,
  type DownstreamFilter,
  listDownstreams as listRows,
} from '../../database/package-revisions/downstream-list.ts'
import type { Caller } from '../access/policy.ts'
import { viewKey, visibleTo } from '../access/visible.ts'
import { getRevision } from '../change-revision.ts'
import type { ServiceContext } from '../context.ts'
import { type Page, type PageRequest, page } from './page.ts'

/** Lists the visible revisions that were cloned from or upgraded to a revision, and their downstreams. Throws `not_found`. */
export async function listDownstreams(
  ctx: ServiceContext,
  caller: Caller,
  name: string,
  filter: DownstreamFilter,
  request: PageRequest,
): Promise<Page<Downstream>> {
  const visibility = visibleTo(caller)
  await getRevision(ctx.db, name)
  return page(ctx, { list: 'downstreams', name, filter, for: viewKey(caller) }, request, {
    fetch: (after: DownstreamCursor | undefined, limit) =>
      listRows(ctx.db, visibility, name, filter, { after, limit }),
    cursorAt: ({ depth, name }) => ({ depth, name }),
  })
}
