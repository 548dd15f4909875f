/** Trusts of service accounts. As they let others act as the account, they take what its tokens take. */
import { AppError } from '../../core/errors.ts'
import { deleteTrust as deleteRow, findTrust, insertTrust, listTrusts } from '../../database/access/trusts.ts'
import type { Reader, Transaction } from '../../database/connection.ts'
import { DEFAULT_TOKEN_PERMISSIONS, type Permission, withRead } from '../../domain/access/permission.ts'
import type { Principal } from '../../domain/access/principal.ts'
import { checkToken } from '../../domain/access/token.ts'
import type { AuditEvent } from '../../domain/audit/entry.ts'
import type { Issuer } from '../../domain/federation/issuer.ts'
import { checkTrust, type Trust, type TrustContent } from '../../domain/federation/trust.ts'
import type { AccessControl } from '../access/access-control.ts'
import type { Actor } from '../access/actor.ts'
import { recordMaker } from '../access/persons.ts'
import { audit } from '../audit/record.ts'
import { requireIssuer } from './change-issuers.ts'
import { newId } from './new-id.ts'
import { requireManager, visibleServiceAccount } from './service-account-rights.ts'
import { requireTrustMaker } from './token-rights.ts'

export type NewTrust = Pick<TrustContent, 'audiences' | 'claims'> & {
  /** The name of the issuer. */
  issuer: string
  /** By default all but those that approve or give rights. */
  permissions?: readonly Permission[] | undefined
  /** Patterns; by default everything that the account may. */
  repositories?: readonly string[] | undefined
}

/** Each is compared with the tokens that are presented for the account. */
const MOST = 50

/** Throws `invalid`, `not_found`, `forbidden` and `conflict`. */
export async function createTrust(
  access: AccessControl,
  actor: Actor,
  name: string,
  given: NewTrust,
): Promise<{ trust: Trust; issuer: Issuer }> {
  return access.change(async (transaction, policy) => {
    const account = await visibleServiceAccount(transaction, policy, actor, name)
    const content = trustContent(given)
    requireTrustMaker(policy, actor, account, content)
    const issuer = await requireIssuer(transaction, given.issuer)
    return { trust: await addTrust(access, transaction, actor, { account, issuer, content }), issuer }
  })
}

/** Deletes a trust. Tokens that were given by it end at once. */
export async function deleteTrust(
  access: AccessControl,
  actor: Actor,
  name: string,
  id: string,
): Promise<void> {
  await access.change(async (transaction, policy) => {
    const account = await visibleServiceAccount(transaction, policy, actor, name)
    requireManager(policy, actor, account)
    await removeTrust(access, transaction, actor, { account, trust: await trustOf(transaction, account, id) })
  })
}

/** Throws `not_found` for a trust that is not one of the account. */
export async function trustOf(db: Reader, account: Principal, id: string): Promise<Trust> {
  const trust = await findTrust(db, id)
  if (trust?.principalId === account.id) return trust
  throw new AppError('not_found', `there is no trust ${id} of the service account ${account.name}`)
}

/** Completes a trust. Throws `invalid`. */
export function trustContent({
  audiences,
  claims,
  permissions,
  repositories = ['*'],
}: NewTrust): TrustContent {
  const usual = DEFAULT_TOKEN_PERMISSIONS
  const content = { audiences, claims, permissions: withRead(permissions ?? usual), repositories }
  checkToken({ ...content, name: 'trust' })
  return content
}

export async function addTrust(
  { ctx }: AccessControl,
  transaction: Transaction,
  actor: Actor,
  { account, issuer, content }: { account: Principal; issuer: Issuer; content: TrustContent },
): Promise<Trust> {
  checkTrust(content, issuer.kind)
  if ((await listTrusts(transaction, account.id, { limit: MOST })).length === MOST) {
    throw new AppError('conflict', `${account.name} has ${MOST} trusts, which is the limit: delete one`)
  }
  const now = ctx.now()
  const trust = {
    ...content,
    id: newId(now),
    principalId: account.id,
    issuerId: issuer.id,
    createdBy: actor.name,
    createdAt: now.toISOString(),
  }
  await insertTrust(transaction, trust)
  await recordMaker(transaction, actor, { trust_id: trust.id })
  await audit(ctx, transaction, actor, trustEvent('trust.created', account, trust))
  return trust
}

export async function removeTrust(
  { ctx }: AccessControl,
  transaction: Transaction,
  actor: Actor,
  { account, trust }: { account: Principal; trust: Trust },
): Promise<void> {
  await deleteRow(transaction, trust.id)
  await audit(ctx, transaction, actor, trustEvent('trust.deleted', account, trust))
}

function trustEvent(type: AuditEvent['type'], { name }: Principal, trust: Trust): AuditEvent {
  const { id, issuerId, audiences, claims, permissions, repositories } = trust
  return {
    type,
    target: { name },
    details: {
      trust: id,
      issuer: issuerId,
      audiences: audiences.join(','),
      filter: JSON.stringify(claims),
      permissions: permissions.join(','),
      repositories: repositories.join(','),
    },
  }
}
