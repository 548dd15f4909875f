import { listTokens as listRows } from '../../database/access/tokens.ts'
import type { Token } from '../../domain/access/token.ts'
import type { AccessControl } from '../access/access-control.ts'
import type { Actor } from '../access/actor.ts'
import type { ServiceContext } from '../context.ts'
import { type Page, type PageRequest, page } from '../queries/page.ts'
import { type TokenOwner, visibleOwner } from './token-rights.ts'

/** Lists the tokens of an owner, oldest first. */
export async function listTokens(
  ctx: ServiceContext,
  access: AccessControl,
  actor: Actor,
  owner: TokenOwner,
  request: PageRequest,
): Promise<Page<Token>> {
  const { id } = await visibleOwner(ctx.db, await access.policy(), actor, owner)
  return page(ctx, { list: 'tokens', of: id }, request, {
    fetch: (after: string | undefined, limit) => listRows(ctx.db, id, { after, limit }),
    cursorAt: (token) => token.id,
  })
}
