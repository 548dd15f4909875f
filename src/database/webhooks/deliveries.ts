/** Deliveries to webhooks: a row for each event and webhook, kept for a while after the last attempt. */

import type { Selectable } from 'kysely'
import type { PackageRevision } from '../../domain/package-revision.ts'
import type { Delivery, DeliveryState, DueDelivery, WebhookEvent } from '../../domain/webhook.ts'
import type { Reader, Transaction } from '../connection.ts'
import { parseStoredRevision } from '../package-revisions/stored-revision.ts'
import type { DeliveriesTable } from '../schema.ts'
import { parseStored } from '../stored-json.ts'
import { filterSchema } from './webhooks.ts'

export type NewDelivery = {
  webhookId: number
  event: WebhookEvent
  content: PackageRevision | null
  createdAt: string
  giveUpAt: string
}

export async function insertDelivery(transaction: Transaction, delivery: NewDelivery): Promise<Delivery> {
  const { content } = delivery
  const row = await transaction
    .insertInto('deliveries')
    .values({
      webhook_id: delivery.webhookId,
      event: delivery.event,
      revision_name: content?.name ?? null,
      resource_version: content && Number(content.resourceVersion),
      state: 'Pending',
      created_at: delivery.createdAt,
      next_attempt: delivery.createdAt,
      give_up_at: delivery.giveUpAt,
      revision: content && JSON.stringify(content),
    })
    .returningAll()
    .executeTakeFirstOrThrow()
  return toDelivery(row)
}

const SHOWN = [
  'id',
  'event',
  'revision_name',
  'resource_version',
  'state',
  'attempts',
  'status_code',
  'error',
  'duration',
  'created_at',
  'next_attempt',
] as const

export async function findDelivery(db: Reader, webhookId: number, id: number): Promise<Delivery | undefined> {
  const row = await db
    .selectFrom('deliveries')
    .select(SHOWN)
    .where('webhook_id', '=', webhookId)
    .where('id', '=', id)
    .executeTakeFirst()
  return row && toDelivery(row)
}

/** Resolves to deliveries, newest first. */
export async function listDeliveries(
  db: Reader,
  webhookId: number,
  filter: { state?: DeliveryState | undefined },
  page: { before?: number | undefined; limit: number },
): Promise<Delivery[]> {
  let query = db
    .selectFrom('deliveries')
    .select(SHOWN)
    .where('webhook_id', '=', webhookId)
    .orderBy('id', 'desc')
    .limit(page.limit)
  if (filter.state !== undefined) query = query.where('state', '=', filter.state)
  if (page.before !== undefined) query = query.where('id', '<', page.before)
  return (await query.execute()).map(toDelivery)
}

/** Resolves to the enabled webhooks with deliveries that are due. */
export async function webhooksDue(db: Reader, now: string): Promise<number[]> {
  const rows = await db
    .selectFrom('webhooks')
    .select('id')
    .where('enabled', '=', 1)
    .where(({ exists, selectFrom }) =>
      exists(
        selectFrom('deliveries')
          .select('deliveries.id')
          .whereRef('webhook_id', '=', 'webhooks.id')
          .where('state', '=', 'Pending')
          .where('next_attempt', '<=', now),
      ),
    )
    .execute()
  return rows.map(({ id }) => id)
}

/** Resolves to the due deliveries of a webhook, longest waiting first; to none of a disabled one. */
export async function dueDeliveries(
  db: Reader,
  webhookId: number,
  now: string,
  limit: number,
): Promise<DueDelivery[]> {
  const rows = await db
    .selectFrom('deliveries')
    .innerJoin('webhooks', 'webhooks.id', 'deliveries.webhook_id')
    .selectAll('deliveries')
    .select(['webhooks.name', 'webhooks.url', 'webhooks.secret', 'webhooks.filter'])
    .where('webhook_id', '=', webhookId)
    .where('enabled', '=', 1)
    .where('state', '=', 'Pending')
    .where('next_attempt', '<=', now)
    .orderBy('next_attempt')
    .orderBy('deliveries.id')
    .limit(limit)
    .execute()
  return rows.map((row) => ({
    ...toDelivery(row),
    webhook: {
      id: webhookId,
      name: row.name,
      url: row.url,
      secret: row.secret,
      filter: parseStored(filterSchema, row.filter, `the webhook ${row.name}`),
    },
    content:
      row.revision === null ? null : parseStoredRevision(row.revision, `the revision of delivery ${row.id}`),
    giveUpAt: row.give_up_at,
  }))
}

export type AttemptRecord = {
  state: DeliveryState
  statusCode: number | null
  error: string | null
  duration: number
  nextAttempt: string | null
}

export async function recordAttempt(
  transaction: Transaction,
  id: number,
  attempt: AttemptRecord,
): Promise<void> {
  await transaction
    .updateTable('deliveries')
    .set(({ eb }) => ({
      attempts: eb('attempts', '+', 1),
      state: attempt.state,
      status_code: attempt.statusCode,
      error: attempt.error,
      duration: attempt.duration,
      next_attempt: attempt.nextAttempt,
    }))
    .where('id', '=', id)
    .execute()
}

/** Makes a delivery due now, whatever its state. */
export async function makeDue(
  transaction: Transaction,
  id: number,
  now: string,
  giveUpAt: string,
): Promise<Delivery> {
  const row = await transaction
    .updateTable('deliveries')
    .set({ state: 'Pending', next_attempt: now, give_up_at: giveUpAt })
    .where('id', '=', id)
    .returning(SHOWN)
    .executeTakeFirstOrThrow()
  return toDelivery(row)
}

export type KeptDeliveries = { since: string; ended: number; waiting: number }

/**
 * Deletes the oldest ended deliveries of a webhook, and gives up the oldest pending ones, where there are more than to
 * keep. Resolves to whether there may be more.
 */
export async function pruneDeliveries(
  transaction: Transaction,
  webhookId: number,
  kept: KeptDeliveries,
  atMost: number,
): Promise<boolean> {
  const deliveries = transaction.selectFrom('deliveries').select('id').where('webhook_id', '=', webhookId)
  const pending = deliveries.where('state', '=', 'Pending')
  const tooMany = pending.orderBy('id', 'desc').limit(1).offset(kept.waiting)
  const { numUpdatedRows } = await transaction
    .updateTable('deliveries')
    .set({ state: 'GivenUp', next_attempt: null, error: `more than ${kept.waiting} deliveries were waiting` })
    .where('id', 'in', pending.where('id', '<=', tooMany).orderBy('id').limit(atMost))
    .executeTakeFirstOrThrow()
  const ended = deliveries.where('state', '!=', 'Pending')
  const beyond = ended.orderBy('id', 'desc').limit(1).offset(kept.ended)
  const { numDeletedRows } = await transaction
    .deleteFrom('deliveries')
    .where(
      'id',
      'in',
      ended
        .where(({ eb, or }) => or([eb('id', '<=', beyond), eb('created_at', '<', kept.since)]))
        .orderBy('id')
        .limit(atMost),
    )
    .executeTakeFirstOrThrow()
  return Number(numUpdatedRows) === atMost || Number(numDeletedRows) === atMost
}

function toDelivery(row: Pick<Selectable<DeliveriesTable>, (typeof SHOWN)[number]>): Delivery {
  return {
    id: row.id,
    event: row.event,
    revision: row.revision_name,
    resourceVersion: row.resource_version === null ? null : String(row.resource_version),
    state: row.state,
    attempts: row.attempts,
    statusCode: row.status_code,
    error: row.error,
    duration: row.duration,
    createdAt: row.created_at,
    nextAttempt: row.next_attempt,
  }
}
