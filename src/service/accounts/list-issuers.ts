import { listIssuers as listRows } from '../../database/access/issuers.ts'
import type { Issuer } from '../../domain/federation/issuer.ts'
import type { AccessControl } from '../access/access-control.ts'
import type { Actor } from '../access/actor.ts'
import { requirePermission } from '../access/require-permission.ts'
import type { ServiceContext } from '../context.ts'
import { type Page, type PageRequest, page } from '../queries/page.ts'
import { requireIssuer } from './change-issuers.ts'

/** Lists issuers by name. Throws `forbidden`. */
export async function listIssuers(
  ctx: ServiceContext,
  access: AccessControl,
  actor: Actor,
  request: PageRequest,
): Promise<Page<Issuer>> {
  requirePermission(await access.policy(), actor, 'server.admin', 'server')
  return page(ctx, { list: 'issuers' }, request, {
    fetch: (after: string | undefined, limit) => listRows(ctx.db, { after, limit }),
    cursorAt: ({ name }) => name,
  })
}

/** Throws `forbidden` and `not_found`. */
export async function getIssuer(access: AccessControl, actor: Actor, name: string): Promise<Issuer> {
  requirePermission(await access.policy(), actor, 'server.admin', 'server')
  return requireIssuer(access.ctx.db, name)
}
