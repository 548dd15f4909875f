import { AppError } from '../../core/errors.ts'
import { deleteBinding as deleteRow, findBinding } from '../../database/access/bindings.ts'
import type { AccessControl } from '../access/access-control.ts'
import type { Actor } from '../access/actor.ts'
import { requirePermission } from '../access/require-permission.ts'
import { audit } from '../audit/record.ts'
import { neededFor, seesBinding } from './binding-rights.ts'
import { bindingEvent } from './change-events.ts'

/** Takes a role away. Throws `not_found`, `forbidden`, and `conflict` for that of the last admin of the server. */
export async function deleteBinding(access: AccessControl, actor: Actor, id: string): Promise<void> {
  await access.change(async (transaction, policy) => {
    const binding = await findBinding(transaction, id)
    if (!binding || !seesBinding(policy, actor, binding)) {
      throw new AppError('not_found', `there is no binding ${id}`)
    }
    for (const { permission, target } of neededFor(binding)) {
      requirePermission(policy, actor, permission, target)
    }
    await deleteRow(transaction, id)
    await audit(access.ctx, transaction, actor, bindingEvent('binding.deleted', id, binding))
  })
}
