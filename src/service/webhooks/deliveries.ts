/** The log of webhook deliveries, redelivery and pings. */
import { setImmediate } from 'node:timers/promises'
import { AppError } from '../../core/errors.ts'
import type { Transaction } from '../../database/connection.ts'
import {
  findDelivery,
  insertDelivery,
  listDeliveries as listRows,
  makeDue,
  pruneDeliveries,
} from '../../database/webhooks/deliveries.ts'
import { listWebhooks } from '../../database/webhooks/webhooks.ts'
import type { AuditType } from '../../domain/audit/entry.ts'
import type { Delivery, DeliveryState, Webhook } from '../../domain/webhook.ts'
import type { Caller } from '../access/policy.ts'
import { viewKey } from '../access/visible.ts'
import { audit } from '../audit/record.ts'
import type { ServiceContext } from '../context.ts'
import { type Page, type PageRequest, page } from '../queries/page.ts'
import type { WebhookDispatcher } from './dispatcher.ts'
import { giveUpAt } from './retry.ts'
import { seesDelivery } from './webhook-rights.ts'
import { getWebhook } from './webhooks.ts'

/** Ended deliveries of a webhook are kept up to this number and age. */
const KEPT_ENDED = 1000
const KEPT_DAYS = 7
/** Pending deliveries of a webhook that does not answer: beyond this, the oldest are given up. */
const KEPT_WAITING = 10_000
/** Rows per transaction; other writers run in between. */
const PRUNED_AT_ONCE = 200

/** Lists the deliveries of a webhook of which the caller may know, the newest first. Throws `not_found`. */
export async function listDeliveries(
  ctx: ServiceContext,
  caller: Caller,
  name: string,
  filter: { state?: DeliveryState | undefined },
  request: PageRequest,
): Promise<Page<Delivery>> {
  const { id } = await getWebhook(ctx.db, caller, name)
  return page<Delivery, number>(ctx, { list: 'deliveries', id, filter, for: viewKey(caller) }, request, {
    fetch: async (before, limit) => {
      const rows = await listRows(ctx.db, id, filter, { before, limit })
      const items = rows.filter((delivery) => seesDelivery(caller, delivery))
      const last = rows.at(-1)
      return items.length < rows.length && rows.length === limit && last
        ? { items, lookedTo: last.id }
        : { items }
    },
    cursorAt: (delivery) => delivery.id,
  })
}

/** Sends a delivery again, whatever its state. Throws `not_found`. */
export async function redeliver(
  ctx: ServiceContext,
  dispatcher: WebhookDispatcher,
  caller: Caller,
  name: string,
  id: string,
): Promise<Delivery> {
  return deliverNow(
    ctx,
    dispatcher,
    { caller, type: 'webhook.redelivered' },
    name,
    async (transaction, webhook, now) => {
      const known = /^[1-9][0-9]{0,14}$/.test(id)
        ? await findDelivery(transaction, webhook.id, Number(id))
        : undefined
      if (known && seesDelivery(caller, known))
        return makeDue(transaction, known.id, now.toISOString(), giveUpAt(now))
      throw new AppError(
        'not_found',
        `the webhook ${name} has no delivery ${id.slice(0, 100)}: ended deliveries are kept for ${KEPT_DAYS} days, and at most ${KEPT_ENDED} of them`,
      )
    },
  )
}

/** Sends a `ping` event, to test a webhook. Throws `not_found`. */
export async function ping(
  ctx: ServiceContext,
  dispatcher: WebhookDispatcher,
  caller: Caller,
  name: string,
): Promise<Delivery> {
  return deliverNow(ctx, dispatcher, { caller, type: 'webhook.pinged' }, name, (transaction, webhook, now) =>
    insertDelivery(transaction, {
      webhookId: webhook.id,
      event: 'ping',
      content: null,
      createdAt: now.toISOString(),
      giveUpAt: giveUpAt(now),
    }),
  )
}

/** Throws `conflict` for a webhook that is not enabled. */
async function deliverNow(
  ctx: ServiceContext,
  dispatcher: WebhookDispatcher,
  { caller, type }: { caller: Caller; type: AuditType },
  name: string,
  deliver: (transaction: Transaction, webhook: Webhook, now: Date) => Promise<Delivery>,
): Promise<Delivery> {
  const now = ctx.now()
  const { delivery, id } = await ctx.commits.run(async (transaction) => {
    const webhook = await getWebhook(transaction, caller, name)
    if (!webhook.enabled)
      throw new AppError(
        'conflict',
        `the webhook ${name} is not enabled, so nothing is sent to it: enable it first`,
      )
    const sent = await deliver(transaction, webhook, now)
    const details = { event: sent.event, number: sent.id }
    await audit(ctx, transaction, caller.actor, { type, target: { name }, details })
    return { delivery: sent, id: webhook.id }
  })
  await dispatcher.refresh(id)
  return delivery
}

/** Deletes deliveries that are no longer kept from the log. */
export async function pruneAllDeliveries(
  ctx: Pick<ServiceContext, 'commits' | 'now' | 'db'>,
  kept: { ended?: number; waiting?: number } = {},
): Promise<void> {
  const since = new Date(ctx.now().getTime() - KEPT_DAYS * 24 * 60 * 60 * 1000).toISOString()
  const { ended = KEPT_ENDED, waiting = KEPT_WAITING } = kept
  for (const { id } of await listWebhooks(ctx.db, { limit: 1000 })) {
    const step = () =>
      ctx.commits.run((transaction) =>
        pruneDeliveries(transaction, id, { since, ended, waiting }, PRUNED_AT_ONCE),
      )
    while (await step()) await setImmediate()
  }
}
