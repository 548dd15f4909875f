import { AppError } from '../core/errors.ts'
import { floorsIn } from '../domain/review/policy.ts'
import type { Actor } from './access/actor.ts'
import { can, type Policy } from './access/policy.ts'

/**
 * What a repository with a source has is published without votes, and deleted with it. So where a policy of the server's
 * admins holds, only they create and delete such a repository, and change what comes from the source. Throws `forbidden`.
 */
export function requireMirrorRights(policy: Policy, actor: Actor, repository: string): void {
  const [floor] = floorsIn(policy.reviewPolicies, repository)
  if (!floor || can(policy, actor, 'server.admin', 'server').allowed) return
  throw new AppError(
    'forbidden',
    `the review policy ${floor.name} holds for ${repository}, and what comes from a source has no reviews: only an admin of the server can create or delete a repository with a source there, or change the source`,
  )
}
