import { findIssuer } from '../../database/access/issuers.ts'
import { listTrusts as listRows } from '../../database/access/trusts.ts'
import type { Reader } from '../../database/connection.ts'
import type { Issuer } from '../../domain/federation/issuer.ts'
import type { Trust } from '../../domain/federation/trust.ts'
import type { AccessControl } from '../access/access-control.ts'
import type { Actor } from '../access/actor.ts'
import type { ServiceContext } from '../context.ts'
import { type Page, type PageRequest, page } from '../queries/page.ts'
import { trustOf } from './change-trusts.ts'
import { visibleServiceAccount } from './service-account-rights.ts'

export type ListedTrust = { trust: Trust; issuer: Pick<Issuer, 'name'> }

/** Lists the trusts of a service account, oldest first. Throws `not_found`. */
export async function listTrusts(
  ctx: ServiceContext,
  access: AccessControl,
  actor: Actor,
  name: string,
  request: PageRequest,
): Promise<Page<ListedTrust>> {
  const { id } = await visibleServiceAccount(ctx.db, await access.policy(), actor, name)
  return page<ListedTrust, string>(ctx, { list: 'trusts', of: id }, request, {
    fetch: async (after, limit) => {
      const trusts = await listRows(ctx.db, id, { after, limit })
      return Promise.all(trusts.map((trust) => withIssuer(ctx.db, trust)))
    },
    cursorAt: ({ trust }) => trust.id,
  })
}

/** Throws `not_found`. */
export async function getTrust(
  access: AccessControl,
  actor: Actor,
  name: string,
  id: string,
): Promise<ListedTrust> {
  const { db } = access.ctx
  const account = await visibleServiceAccount(db, await access.policy(), actor, name)
  return withIssuer(db, await trustOf(db, account, id))
}

async function withIssuer(db: Reader, trust: Trust): Promise<ListedTrust> {
  const issuer = await findIssuer(db, trust.issuerId)
  // Both may have been deleted meanwhile.
  return { trust, issuer: { name: issuer?.name ?? '' } }
}
