import { changesAfter } from '../../database/change-log.ts'
import type { Transaction } from '../../database/connection.ts'
import { currentResourceVersion, readPosition, writePosition } from '../../database/counters.ts'
import { insertDelivery } from '../../database/webhooks/deliveries.ts'
import { enabledWebhooks, findWebhook, updateWebhook } from '../../database/webhooks/webhooks.ts'
import type { RevisionChange } from '../../domain/change.ts'
import { parseLabelSelector } from '../../domain/label-selector.ts'
import { changeEvent, type Webhook, type WebhookFilter } from '../../domain/webhook.ts'
import { matches, type OwnFilter } from '../watch/matches.ts'
import { giveUpAt } from './retry.ts'

/** Changes per transaction; other writers run in between. */
const BATCH = 100

export type Routed = {
  /** The ids of webhooks with new deliveries. */
  webhooks: ReadonlySet<number>
  /** All changes up to this position are routed. */
  position: number
  more: boolean
}

/**
 * Reads the next changes from the log, and inserts a delivery for each webhook that subscribes to one. The position is
 * in the same transaction, so each change becomes exactly one delivery, even after a crash.
 */
export async function routeChanges(transaction: Transaction, now: Date): Promise<Routed> {
  const webhooks = await enabledWebhooks(transaction)
  if (webhooks.length === 0) return skipAll(transaction)
  const position = await readPosition(transaction, 'webhooks_position')
  const changes = await changesAfter(transaction, position, BATCH)
  const last = changes.at(-1)
  const routedTo = new Set<number>()
  if (!last) return { webhooks: routedTo, position, more: false }
  for (const webhook of webhooks) {
    const filter = toOwnFilter(webhook.filter)
    for (const change of changes) {
      if (await routed(transaction, change, webhook, filter, now)) routedTo.add(webhook.id)
    }
  }
  await writePosition(transaction, 'webhooks_position', last.resourceVersion)
  return { webhooks: routedTo, position: last.resourceVersion, more: changes.length === BATCH }
}

/** Routes all changes. Must be called before webhooks change, since earlier changes are for the webhooks as they were. */
export async function routeAll(transaction: Transaction, now: Date): Promise<void> {
  while ((await routeChanges(transaction, now)).more);
}

/** Disables a webhook, unless it has been changed since it was called. Resolves to whether it did. */
export async function disableWebhook(
  transaction: Transaction,
  called: { name: string; url: string },
  now: Date,
): Promise<boolean> {
  await routeAll(transaction, now)
  const webhook = await findWebhook(transaction, called.name)
  if (!webhook?.enabled || webhook.url !== called.url) return false
  await updateWebhook(transaction, webhook.id, { ...webhook, enabled: false }, now.toISOString())
  return true
}

async function skipAll(transaction: Transaction): Promise<Routed> {
  const position = await currentResourceVersion(transaction)
  await writePosition(transaction, 'webhooks_position', position)
  return { webhooks: new Set(), position, more: false }
}

async function routed(
  transaction: Transaction,
  change: RevisionChange,
  webhook: Webhook,
  filter: OwnFilter,
  now: Date,
): Promise<boolean> {
  const event = changeEvent(change)
  if (!event || !webhook.events.includes(event) || !matches(filter, change.revision)) return false
  await insertDelivery(transaction, {
    webhookId: webhook.id,
    event,
    content: change.revision,
    createdAt: now.toISOString(),
    giveUpAt: giveUpAt(now),
  })
  return true
}

function toOwnFilter({ labelSelector, ...filter }: WebhookFilter): OwnFilter {
  return labelSelector === undefined ? filter : { ...filter, labels: parseLabelSelector(labelSelector) }
}
