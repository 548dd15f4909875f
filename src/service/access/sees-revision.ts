import { findPackageRevision } from '../../database/package-revisions/package-revisions.ts'
import { isPublished } from '../../domain/lifecycle.ts'
import { parseRevisionName } from '../../domain/names.ts'
import type { AccessControl } from './access-control.ts'
import type { Actor } from './actor.ts'
import { can, type Policy } from './policy.ts'

/**
 * Whether an actor may see a revision, which need not exist. The answer does not change until the caller reads it: a
 * published revision never becomes a draft, and no name is used twice.
 */
export async function seesRevision(
  { ctx }: AccessControl,
  policy: Policy,
  actor: Actor,
  name: string,
): Promise<boolean> {
  const id = parseRevisionName(name)
  if (!can(policy, actor, 'read', id).allowed) return false
  if (can(policy, actor, 'draft.read', id).allowed) return true
  const revision = await findPackageRevision(ctx.db, name)
  return revision !== undefined && isPublished(revision.lifecycle)
}
