import { updatePrincipal } from '../../database/access/principals.ts'
import { checkServiceAccount, type Principal } from '../../domain/access/principal.ts'
import type { AccessControl } from '../access/access-control.ts'
import type { Actor } from '../access/actor.ts'
import { requirePermission } from '../access/require-permission.ts'
import { audit } from '../audit/record.ts'
import { checkPrecondition, type Precondition } from '../precondition.ts'
import { serviceAccountEvent } from './change-events.ts'
import { requireRightsOf, scopeOf, visibleServiceAccount } from './service-account-rights.ts'

export type ServiceAccountPatch = {
  displayName?: string | undefined
  scope?: string | undefined
  disabled?: boolean | undefined
}

/** Changes a service account. A disabled one can do nothing. */
export async function updateServiceAccount(
  access: AccessControl,
  actor: Actor,
  name: string,
  patch: ServiceAccountPatch,
  precondition: Precondition,
): Promise<Principal> {
  return access.change(async (transaction, policy) => {
    const current = await visibleServiceAccount(transaction, policy, actor, name)
    requireRightsOf(policy, actor, current)
    checkPrecondition(name, current.resourceVersion, precondition)
    const next = {
      ...current,
      displayName: patch.displayName ?? current.displayName,
      scope: patch.scope ?? current.scope,
      disabled: patch.disabled ?? current.disabled,
    }
    checkServiceAccount(next)
    requirePermission(policy, actor, 'admin', scopeOf(next))
    await audit(access.ctx, transaction, actor, serviceAccountEvent('serviceaccount.updated', next))
    return updatePrincipal(transaction, next, access.ctx.now().toISOString())
  })
}
