import { changesAfter } from '../../database/change-log.ts'
import type { Transaction } from '../../database/connection.ts'
import { currentResourceVersion, readPosition, writePosition } from '../../database/counters.ts'
import { insertDelivery } from '../../database/webhooks/deliveries.ts'
import { enabledWebhooks } from '../../database/webhooks/webhooks.ts'
import type { RevisionChange } from '../../domain/change.ts'
import { parseLabelSelector } from '../../domain/label-selector.ts'
import { changeEvent, type Webhook, type WebhookFilter } from '../../domain/webhook.ts'
import { matches, type OwnFilter } from '../watch/matches.ts'
import { giveUpAt } from './retry.ts'

/** Others write in between. */
const AT_ONCE = 100

export type Routed = {
  /** Webhooks that have something to be told. */
  webhooks: ReadonlySet<number>
  /** Up to here everything is routed. */
  position: number
  more: boolean
}

/**
 * Takes the next changes from the log, and records a delivery for each webhook that wants to hear of one. Both in one
 * transaction with the position: each change becomes one delivery, also after a crash.
 */
export async function routeChanges(transaction: Transaction, now: Date): Promise<Routed> {
  const webhooks = await enabledWebhooks(transaction)
  if (webhooks.length === 0) return skipAll(transaction)
  const position = await readPosition(transaction, 'webhooks_position')
  const changes = await changesAfter(transaction, position, AT_ONCE)
  const last = changes.at(-1)
  const told = new Set<number>()
  if (!last) return { webhooks: told, position, more: false }
  for (const webhook of webhooks) {
    const filter = toOwnFilter(webhook.filter)
    for (const change of changes) {
      if (await routed(transaction, change, webhook, filter, now)) told.add(webhook.id)
    }
  }
  await writePosition(transaction, 'webhooks_position', last.resourceVersion)
  return { webhooks: told, position: last.resourceVersion, more: changes.length === AT_ONCE }
}

/** Routes everything, before webhooks change: what happened until now is for them as they are now. */
export async function routeAll(transaction: Transaction, now: Date): Promise<void> {
  while ((await routeChanges(transaction, now)).more);
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
