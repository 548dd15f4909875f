import { EVERYTHING, patternOf } from '../../domain/access/pattern.ts'
import { SEES_ALL, sees, type Visibility } from '../../domain/access/visible-set.ts'
import { parseRevisionName } from '../../domain/names.ts'
import type { Delivery, WebhookEvent, WebhookFilter } from '../../domain/webhook.ts'
import { type Caller, can, type Policy, type Target } from '../access/policy.ts'
import { requirePermission } from '../access/require-permission.ts'
import { visibleTo } from '../access/visible.ts'

/** Whether a caller may know of a webhook, and change it: its events tell of all that its filter matches. */
export function managesWebhook({ policy, actor }: Caller, { filter }: { filter: WebhookFilter }): boolean {
  return can(policy, actor, 'admin', targetOf(filter)).allowed
}

/** Throws `forbidden` for a webhook that the caller may not have. */
export function requireManaging({ policy, actor }: Caller, { filter }: { filter: WebhookFilter }): void {
  requirePermission(policy, actor, 'admin', targetOf(filter))
}

/** What the receiver of a webhook sees: what its filter matches. */
export function visibleToReceiver(
  { open }: Policy,
  { repository, package: path }: WebhookFilter,
): Visibility {
  if (open || repository === undefined) return SEES_ALL
  const covered = [patternOf({ repository, package: path })]
  return { published: covered, drafts: covered }
}

/** Events of revisions that are published then. Others may be about drafts. */
const OF_PUBLISHED: readonly WebhookEvent[] = ['published', 'deletion-proposed', 'deletion-rejected']

/** Whether a caller may know of a delivery: it may be of a time when the webhook had another filter. */
export function seesDelivery(caller: Caller, { event, revision }: Delivery): boolean {
  if (revision === null) return true
  const { published, drafts } = visibleTo(caller)
  return sees(OF_PUBLISHED.includes(event) ? published : drafts, parseRevisionName(revision))
}

/** A package without a repository may be in any. */
function targetOf({ repository, package: path }: WebhookFilter): Target {
  return repository === undefined ? EVERYTHING : { repository, package: path }
}
