import { AppError } from '../../core/errors.ts'
import { findPrincipalNamed } from '../../database/access/principals.ts'
import { listSessions as listRows } from '../../database/access/sessions.ts'
import type { Session } from '../../domain/access/session.ts'
import type { AccessControl } from '../access/access-control.ts'
import { type Actor, isPrincipal } from '../access/actor.ts'
import { isSessionOver } from '../access/authenticate.ts'
import { requirePermission } from '../access/require-permission.ts'
import type { ServiceContext } from '../context.ts'
import { type Page, type PageRequest, page } from '../queries/page.ts'

/**
 * Lists sessions, oldest first: the actor's own, or as an admin of the server those of a user. Throws `forbidden` and
 * `not_found`.
 */
export async function listSessions(
  ctx: ServiceContext,
  access: AccessControl,
  actor: Actor,
  userName: string | undefined,
  request: PageRequest,
): Promise<Page<Session>> {
  const id = await (userName === undefined ? ownId(access, actor) : idOf(access, actor, userName))
  const found = await page(ctx, { list: 'sessions', of: id }, request, {
    fetch: (after: string | undefined, limit) => listRows(ctx.db, id, { after, limit }),
    cursorAt: (session) => session.id,
  })
  const now = access.ctx.now()
  return { ...found, items: found.items.filter((session) => !isSessionOver(session, now)) }
}

async function ownId(access: AccessControl, actor: Actor): Promise<string> {
  if (!isPrincipal(actor)) throw new AppError('forbidden', 'only users have sessions: log in')
  requirePermission(await access.policy(), actor, 'tokens', 'server')
  return actor.principalId
}

async function idOf(access: AccessControl, actor: Actor, name: string): Promise<string> {
  requirePermission(await access.policy(), actor, 'server.admin', 'server')
  const user = await findPrincipalNamed(access.ctx.db, 'user', name)
  if (user) return user.id
  throw new AppError('not_found', `there is no user ${name}`)
}
