import { AppError } from '../../core/errors.ts'
import { findPrincipalNamed, insertPrincipal } from '../../database/access/principals.ts'
import { checkServiceAccount, type Principal } from '../../domain/access/principal.ts'
import type { AccessControl } from '../access/access-control.ts'
import { type Actor, isPrincipal } from '../access/actor.ts'
import { recordMaker } from '../access/persons.ts'
import { requirePermission } from '../access/require-permission.ts'
import { audit } from '../audit/record.ts'
import { serviceAccountEvent } from './change-events.ts'
import { newId } from './new-id.ts'
import { scopeOf } from './service-account-rights.ts'

export type NewServiceAccount = {
  name: string
  displayName: string
  /** The pattern of the repositories whose administrators manage it. */
  scope: string
}

/** Creates a service account, which has no rights yet. Throws `invalid`, `forbidden` and `already_exists`. */
export async function createServiceAccount(
  access: AccessControl,
  actor: Actor,
  input: NewServiceAccount,
): Promise<Principal> {
  checkServiceAccount(input)
  const scope = scopeOf(input)
  return access.change(async (transaction, policy) => {
    requirePermission(policy, actor, 'admin', scope)
    if (await findPrincipalNamed(transaction, 'serviceaccount', input.name)) {
      throw new AppError('already_exists', `the service account ${input.name} exists already`)
    }
    const now = access.ctx.now()
    const account = await insertPrincipal(transaction, {
      ...input,
      id: newId(now),
      kind: 'serviceaccount',
      ownerId: isPrincipal(actor) ? actor.principalId : undefined,
      createdBy: actor.name,
      createdAt: now.toISOString(),
    })
    await recordMaker(transaction, actor, { account_id: account.id })
    await audit(access.ctx, transaction, actor, serviceAccountEvent('serviceaccount.created', account))
    return account
  })
}
