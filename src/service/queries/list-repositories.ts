import { listRepositories as listRows } from '../../database/repositories/repositories.ts'
import type { Repository } from '../../domain/repository.ts'
import type { ServiceContext } from '../context.ts'
import { type Page, type PageRequest, page } from './page.ts'

export async function listRepositories(ctx: ServiceContext, request: PageRequest): Promise<Page<Repository>> {
  return page(ctx, { list: 'repositories' }, request, {
    fetch: (after: string | undefined, limit) => listRows(ctx.db, { after, limit }),
    cursorAt: ({ name }) => name,
  })
}
