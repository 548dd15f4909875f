import type { Selectable } from 'kysely'
import { z } from 'zod'
import { LIFECYCLES } from '../../domain/lifecycle.ts'
import { CHANGE_EVENTS, type Webhook, type WebhookContent, type WebhookFilter } from '../../domain/webhook.ts'
import type { Reader, Transaction } from '../connection.ts'
import { nextResourceVersion } from '../counters.ts'
import type { WebhooksTable } from '../schema.ts'
import { parseStored } from '../stored-json.ts'

const eventsSchema = z.array(z.enum(CHANGE_EVENTS))
export const filterSchema: z.ZodType<WebhookFilter> = z.looseObject({
  repository: z.string().optional(),
  package: z.string().optional(),
  lifecycle: z.enum(LIFECYCLES).optional(),
  labelSelector: z.string().optional(),
})

export async function findWebhook(db: Reader, name: string): Promise<Webhook | undefined> {
  const row = await db.selectFrom('webhooks').selectAll().where('name', '=', name).executeTakeFirst()
  return row && toWebhook(row)
}

/** Resolves to webhooks after a name, by name. */
export async function listWebhooks(
  db: Reader,
  page: { after?: string | undefined; limit: number },
): Promise<Webhook[]> {
  const rows = await db
    .selectFrom('webhooks')
    .selectAll()
    .$if(page.after !== undefined, (query) => query.where('name', '>', page.after ?? ''))
    .orderBy('name')
    .limit(page.limit)
    .execute()
  return rows.map(toWebhook)
}

export async function enabledWebhooks(db: Reader): Promise<Webhook[]> {
  const rows = await db.selectFrom('webhooks').selectAll().where('enabled', '=', 1).orderBy('id').execute()
  return rows.map(toWebhook)
}

export async function countWebhooks(db: Reader): Promise<number> {
  const { count } = await db
    .selectFrom('webhooks')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  return count
}

export async function insertWebhook(
  transaction: Transaction,
  content: WebhookContent & { secret: string },
  createdBy: string,
  now: string,
): Promise<Webhook> {
  const row = await transaction
    .insertInto('webhooks')
    .values({
      ...toColumns(content),
      secret: content.secret,
      created_by: createdBy,
      created_at: now,
      updated_at: now,
      resource_version: await nextResourceVersion(transaction),
    })
    .returningAll()
    .executeTakeFirstOrThrow()
  return toWebhook(row)
}

/** Keeps the secret unless there is a new one. */
export async function updateWebhook(
  transaction: Transaction,
  id: number,
  content: WebhookContent & { secret?: string | undefined },
  now: string,
): Promise<Webhook> {
  const { secret } = content
  const row = await transaction
    .updateTable('webhooks')
    .set({
      ...toColumns(content),
      ...(secret === undefined ? {} : { secret }),
      updated_at: now,
      resource_version: await nextResourceVersion(transaction),
    })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow()
  return toWebhook(row)
}

/** Deletes a webhook and its deliveries. */
export async function deleteWebhook(transaction: Transaction, id: number): Promise<void> {
  await transaction.deleteFrom('webhooks').where('id', '=', id).execute()
}

function toColumns({ name, url, events, filter, enabled }: WebhookContent) {
  return {
    name,
    url,
    events: JSON.stringify(events),
    filter: JSON.stringify(filter),
    enabled: enabled ? 1 : 0,
  }
}

/** Leaves out the secret, which no answer contains. */
function toWebhook(row: Selectable<WebhooksTable>): Webhook {
  return {
    id: row.id,
    name: row.name,
    url: row.url,
    events: parseStored(eventsSchema, row.events, `the webhook ${row.name}`),
    filter: parseStored(filterSchema, row.filter, `the webhook ${row.name}`),
    enabled: row.enabled === 1,
    createdBy: row.created_by,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    resourceVersion: String(row.resource_version),
  }
}
