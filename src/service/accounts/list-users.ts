import { AppError } from '../../core/errors.ts'
import { findPrincipalNamed, listPrincipals } from '../../database/access/principals.ts'
import type { Principal } from '../../domain/access/principal.ts'
import type { AccessControl } from '../access/access-control.ts'
import type { Actor } from '../access/actor.ts'
import { requirePermission } from '../access/require-permission.ts'
import type { ServiceContext } from '../context.ts'
import { type Page, type PageRequest, page } from '../queries/page.ts'

/** Lists users by name. Throws `forbidden`. */
export async function listUsers(
  ctx: ServiceContext,
  access: AccessControl,
  actor: Actor,
  request: PageRequest,
): Promise<Page<Principal>> {
  requirePermission(await access.policy(), actor, 'server.audit', 'server')
  return page(ctx, { list: 'users' }, request, {
    fetch: (after: string | undefined, limit) => listPrincipals(ctx.db, 'user', { after, limit }),
    cursorAt: ({ name }) => name,
  })
}

/** Throws `forbidden` and `not_found`. */
export async function getUser(access: AccessControl, actor: Actor, name: string): Promise<Principal> {
  requirePermission(await access.policy(), actor, 'server.audit', 'server')
  const user = await findPrincipalNamed(access.ctx.db, 'user', name)
  if (user) return user
  throw new AppError('not_found', `there is no user ${name}`)
}
