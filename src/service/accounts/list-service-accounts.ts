import { listPrincipals } from '../../database/access/principals.ts'
import type { Principal } from '../../domain/access/principal.ts'
import type { AccessControl } from '../access/access-control.ts'
import type { Actor } from '../access/actor.ts'
import type { ServiceContext } from '../context.ts'
import { type Page, type PageRequest, page } from '../queries/page.ts'
import { seesServiceAccount, visibleServiceAccount } from './service-account-rights.ts'

/** Lists the service accounts that the actor may know of, by name. */
export async function listServiceAccounts(
  ctx: ServiceContext,
  access: AccessControl,
  actor: Actor,
  request: PageRequest,
): Promise<Page<Principal>> {
  const policy = await access.policy()
  return page<Principal, string>(ctx, { list: 'serviceaccounts', for: actor.name }, request, {
    fetch: async (after, limit) => {
      const rows = await listPrincipals(ctx.db, 'serviceaccount', { after, limit })
      const items = rows.filter((account) => seesServiceAccount(policy, actor, account))
      const last = rows.at(-1)
      return rows.length === limit && last ? { items, lookedTo: last.name } : { items }
    },
    cursorAt: ({ name }) => name,
  })
}

/** Throws `not_found`. */
export async function getServiceAccount(
  access: AccessControl,
  actor: Actor,
  name: string,
): Promise<Principal> {
  return visibleServiceAccount(access.ctx.db, await access.policy(), actor, name)
}
