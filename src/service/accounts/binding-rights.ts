import type { BindingContent } from '../../domain/access/binding.ts'
import { type Pattern, parsePattern } from '../../domain/access/pattern.ts'
import type { Permission } from '../../domain/access/permission.ts'
import { isServerRole } from '../../domain/access/role.ts'
import type { Actor } from '../access/actor.ts'
import { can, type Policy } from '../access/policy.ts'

type Needed = { permission: Permission; target: Pattern | 'server' }

/** What it takes to create or delete a binding. */
export function neededFor({ role, repositories }: Pick<BindingContent, 'role' | 'repositories'>): Needed[] {
  if (isServerRole(role)) return [{ permission: 'server.admin', target: 'server' }]
  return repositories.map((text) => ({ permission: 'admin', target: parsePattern(text) }))
}

/** Whether an actor may know of a binding: one that names another team's repository is hidden. */
export function seesBinding(
  policy: Policy,
  actor: Actor,
  binding: Pick<BindingContent, 'role' | 'repositories'>,
): boolean {
  if (can(policy, actor, 'server.audit', 'server').allowed) return true
  return neededFor(binding).every(({ permission, target }) => can(policy, actor, permission, target).allowed)
}
