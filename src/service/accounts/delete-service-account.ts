import { deletePrincipal } from '../../database/access/principals.ts'
import type { AccessControl } from '../access/access-control.ts'
import type { Actor } from '../access/actor.ts'
import { audit } from '../audit/record.ts'
import { checkPrecondition, type Precondition } from '../precondition.ts'
import { serviceAccountEvent } from './change-events.ts'
import { requireManager, visibleServiceAccount } from './service-account-rights.ts'

/** Deletes a service account with its tokens and bindings. A later account of its name has none of them. */
export async function deleteServiceAccount(
  access: AccessControl,
  actor: Actor,
  name: string,
  precondition: Precondition,
): Promise<void> {
  await access.change(async (transaction, policy) => {
    const account = await visibleServiceAccount(transaction, policy, actor, name)
    requireManager(policy, actor, account)
    checkPrecondition(name, account.resourceVersion, precondition)
    await deletePrincipal(transaction, account.id)
    await audit(access.ctx, transaction, actor, serviceAccountEvent('serviceaccount.deleted', account))
  })
}
