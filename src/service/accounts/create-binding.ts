import { AppError } from '../../core/errors.ts'
import { allBindings, insertBinding } from '../../database/access/bindings.ts'
import { findPrincipalNamed } from '../../database/access/principals.ts'
import type { Reader } from '../../database/connection.ts'
import {
  type Binding,
  type BindingContent,
  bindingKey,
  checkBinding,
  type Subject,
} from '../../domain/access/binding.ts'
import { grantsOfRole } from '../../domain/access/grant.ts'
import type { AccessControl } from '../access/access-control.ts'
import type { Actor } from '../access/actor.ts'
import { can } from '../access/policy.ts'
import { requireAll, requirePermission } from '../access/require-permission.ts'
import { audit } from '../audit/record.ts'
import { neededFor } from './binding-rights.ts'
import { bindingEvent } from './change-events.ts'
import { newId } from './new-id.ts'

/** All are kept in memory, and read again with each change. */
const MOST = { bindings: 5000, patterns: 20_000 }
/** The share that is open to administrators of repositories, so that they cannot use up what others need. */
export const OPEN_TO_ALL = 0.8

/**
 * Gives a role. The actor must have all that it gives, for at least the same repositories. Throws `invalid`,
 * `forbidden`, `not_found`, `already_exists` and `conflict`.
 */
export async function createBinding(
  access: AccessControl,
  actor: Actor,
  input: BindingContent,
): Promise<Binding> {
  checkBinding(input)
  return access.change(async (transaction, policy) => {
    for (const { permission, target } of neededFor(input)) {
      requirePermission(policy, actor, permission, target)
    }
    requireAll(policy, actor, grantsOfRole(input.role, input.repositories, ''))
    const now = access.ctx.now()
    const binding = {
      ...input,
      id: newId(now),
      principalId: await principalIdOf(transaction, input.subject),
      createdBy: actor.name,
      createdAt: now.toISOString(),
    }
    const existing = await allBindings(transaction)
    if (existing.some((other) => bindingKey(other) === bindingKey(binding))) {
      throw new AppError('already_exists', 'there is a binding of this role to this subject already')
    }
    const share = can(policy, actor, 'server.admin', 'server').allowed ? 1 : OPEN_TO_ALL
    checkCount([...existing, binding], share)
    await insertBinding(transaction, binding)
    await audit(access.ctx, transaction, actor, bindingEvent('binding.created', binding.id, binding))
    return binding
  })
}

/** Throws `conflict` for more bindings, or patterns in them, than a share of what a server can have. */
export function checkCount(bindings: readonly Pick<BindingContent, 'repositories'>[], share = 1): void {
  const patterns = bindings.reduce((sum, { repositories }) => sum + repositories.length, 0)
  if (bindings.length <= MOST.bindings * share && patterns <= MOST.patterns * share) return
  const most = `${MOST.bindings * share} bindings, or ${MOST.patterns * share} patterns in them`
  throw new AppError(
    'conflict',
    `there would be more than ${most}, which is the limit: bind groups, and beginnings of names`,
  )
}

/** The id of the account that a binding is to; undefined for other subjects. Throws `not_found`. */
export async function principalIdOf(db: Reader, subject: Subject): Promise<string | undefined> {
  if (subject.kind !== 'user' && subject.kind !== 'serviceaccount') return undefined
  const principal = await findPrincipalNamed(db, subject.kind, subject.name)
  if (principal) return principal.id
  throw new AppError(
    'not_found',
    subject.kind === 'user'
      ? `there is no user ${subject.name}: users are known after their first login, so bind a group, or wait for it`
      : `there is no service account ${subject.name}: create it first`,
  )
}
