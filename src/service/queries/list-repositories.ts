import { listRepositories as listRows } from '../../database/repositories/repositories.ts'
import type { Repository } from '../../domain/repository.ts'
import type { Caller } from '../access/policy.ts'
import { viewKey, visibleTo } from '../access/visible.ts'
import type { ServiceContext } from '../context.ts'
import { type Page, type PageRequest, page } from './page.ts'

export async function listRepositories(
  ctx: ServiceContext,
  caller: Caller,
  request: PageRequest,
): Promise<Page<Repository>> {
  return page(ctx, { list: 'repositories', for: viewKey(caller) }, request, {
    fetch: (after: string | undefined, limit) => listRows(ctx.db, visibleTo(caller), { after, limit }),
    cursorAt: ({ name }) => name,
  })
}
