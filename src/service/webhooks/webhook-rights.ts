import { EVERYTHING } from '../../domain/access/pattern.ts'
import type { WebhookFilter } from '../../domain/webhook.ts'
import { type Caller, can, type Target } from '../access/policy.ts'
import { requirePermission } from '../access/require-permission.ts'

/** Whether a caller may know of a webhook, and change it: its events tell of all that its filter matches. */
export function managesWebhook({ policy, actor }: Caller, { filter }: { filter: WebhookFilter }): boolean {
  return can(policy, actor, 'admin', targetOf(filter)).allowed
}

/** Throws `forbidden` for a webhook that the caller may not have. */
export function requireManaging({ policy, actor }: Caller, { filter }: { filter: WebhookFilter }): void {
  requirePermission(policy, actor, 'admin', targetOf(filter))
}

/** A package without a repository may be in any. */
function targetOf({ repository, package: path }: WebhookFilter): Target {
  return repository === undefined ? EVERYTHING : { repository, package: path }
}
