import { AppError } from '../../core/errors.ts'
import { findPrincipalNamed, updatePrincipal } from '../../database/access/principals.ts'
import { deleteSessionsOf } from '../../database/access/sessions.ts'
import type { Principal } from '../../domain/access/principal.ts'
import type { AccessControl } from '../access/access-control.ts'
import type { Actor } from '../access/actor.ts'
import { requirePermission } from '../access/require-permission.ts'
import { audit } from '../audit/record.ts'
import { checkPrecondition, type Precondition } from '../precondition.ts'

/** Disables a user, whose sessions and tokens end at once, or enables the user again. */
export async function updateUser(
  access: AccessControl,
  actor: Actor,
  name: string,
  patch: { disabled?: boolean | undefined },
  precondition: Precondition,
): Promise<Principal> {
  return access.change(async (transaction, policy) => {
    requirePermission(policy, actor, 'server.admin', 'server')
    const current = await findPrincipalNamed(transaction, 'user', name)
    if (!current) throw new AppError('not_found', `there is no user ${name}`)
    checkPrecondition(name, current.resourceVersion, precondition)
    const next = { ...current, disabled: patch.disabled ?? current.disabled }
    // Otherwise they would come back when the user is enabled again.
    if (next.disabled) await deleteSessionsOf(transaction, current.id)
    const details = { enabled: !next.disabled }
    await audit(access.ctx, transaction, actor, { type: 'user.updated', target: { name }, details })
    return updatePrincipal(transaction, next, access.ctx.now().toISOString())
  })
}
