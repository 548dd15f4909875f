import { AppError } from '../../core/errors.ts'
import type { Reader, Transaction } from '../../database/connection.ts'
import {
  countWebhooks,
  deleteWebhook as deleteRow,
  enabledWebhooks,
  findWebhook,
  insertWebhook,
  listWebhooks as listRows,
  updateWebhook as updateRow,
} from '../../database/webhooks/webhooks.ts'
import type { AuditDetails, AuditEvent } from '../../domain/audit/entry.ts'
import { parseLabelSelector } from '../../domain/label-selector.ts'
import type { ChangeEvent, Webhook, WebhookContent, WebhookFilter } from '../../domain/webhook.ts'
import type { Actor } from '../access/actor.ts'
import type { Caller } from '../access/policy.ts'
import { viewKey } from '../access/visible.ts'
import { audit } from '../audit/record.ts'
import type { ServiceContext } from '../context.ts'
import { checkPrecondition, type Precondition } from '../precondition.ts'
import { type Page, type PageRequest, page } from '../queries/page.ts'
import type { WebhookDispatcher } from './dispatcher.ts'
import { disableWebhook, routeAll } from './route-changes.ts'
import { checkTarget } from './targets.ts'
import { managesWebhook, requireManaging } from './webhook-rights.ts'

/** The maximum number of webhooks, since every change is matched against all of them. */
const MOST = 100
/** That for one repository, so that its administrators leave some to others. */
const MOST_OF_REPOSITORY = 20

/** Creates a webhook that receives events from now on. Throws `invalid`, `forbidden`, `already_exists` and `conflict`. */
export async function createWebhook(
  ctx: ServiceContext,
  dispatcher: WebhookDispatcher,
  caller: Caller,
  input: WebhookContent & { secret: string },
): Promise<Webhook> {
  requireManaging(caller, input)
  checkTarget(input.url, dispatcher.targets)
  parseLabelSelector(input.filter.labelSelector ?? '')
  return changed(ctx, dispatcher, caller.actor, async (transaction) => {
    if (await findWebhook(transaction, input.name)) {
      throw new AppError('already_exists', `the webhook ${input.name} exists already`)
    }
    if ((await countWebhooks(transaction)) >= MOST)
      throw new AppError(
        'conflict',
        `there are ${MOST} webhooks already, which is the limit: delete one first`,
      )
    await checkShare(transaction, caller, input.filter)
    const webhook = await insertWebhook(transaction, input, caller.actor.name, ctx.now().toISOString())
    return { webhook, event: { type: 'webhook.created', details: detailsOf(webhook) } }
  })
}

/** Throws `not_found` for a webhook that does not exist, or that the caller does not manage. */
export async function getWebhook(db: Reader, caller: Caller, name: string): Promise<Webhook> {
  const webhook = await findWebhook(db, name)
  if (webhook && managesWebhook(caller, webhook)) return webhook
  throw new AppError('not_found', `there is no webhook ${name}`)
}

/** Lists the webhooks that the caller manages, by name. */
export async function listWebhooks(
  ctx: ServiceContext,
  caller: Caller,
  request: PageRequest,
): Promise<Page<Webhook>> {
  return page<Webhook, string>(ctx, { list: 'webhooks', for: viewKey(caller) }, request, {
    fetch: async (after, limit) => {
      const rows = await listRows(ctx.db, { after, limit })
      const items = rows.filter((webhook) => managesWebhook(caller, webhook))
      const last = rows.at(-1)
      return rows.length === limit && last ? { items, lookedTo: last.name } : { items }
    },
    cursorAt: ({ name }) => name,
  })
}

export type WebhookPatch = {
  url?: string | undefined
  secret?: string | undefined
  events?: readonly ChangeEvent[] | undefined
  filter?: { [Field in keyof WebhookFilter]: WebhookFilter[Field] | null } | null | undefined
  enabled?: boolean | undefined
}

/** Updates a webhook. Earlier changes are routed to the webhook as it was; pending deliveries wait while it is disabled. */
export async function updateWebhook(
  ctx: ServiceContext,
  dispatcher: WebhookDispatcher,
  caller: Caller,
  name: string,
  patch: WebhookPatch,
  precondition: Precondition,
): Promise<Webhook> {
  if (patch.url !== undefined) checkTarget(patch.url, dispatcher.targets)
  parseLabelSelector(patch.filter?.labelSelector ?? '')
  return changed(ctx, dispatcher, caller.actor, async (transaction) => {
    const current = await getWebhook(transaction, caller, name)
    checkPrecondition(name, current.resourceVersion, precondition)
    const next = {
      ...current,
      url: patch.url ?? current.url,
      secret: patch.secret,
      events: patch.events ?? current.events,
      filter: mergeFilter(current.filter, patch.filter),
      enabled: patch.enabled ?? current.enabled,
    }
    requireManaging(caller, next)
    if (next.filter.repository !== current.filter.repository) {
      await checkShare(transaction, caller, next.filter)
    }
    const webhook = await updateRow(transaction, current.id, next, ctx.now().toISOString())
    const fields = Object.entries(patch).flatMap(([field, value]) => (value === undefined ? [] : [field]))
    const details = { ...detailsOf(webhook), fields: fields.join(',') }
    return { webhook, event: { type: 'webhook.updated', details } }
  })
}

/** Deletes a webhook with its deliveries, pending ones too. */
export async function deleteWebhook(
  ctx: ServiceContext,
  dispatcher: WebhookDispatcher,
  caller: Caller,
  name: string,
  precondition: Precondition,
): Promise<void> {
  await changed(ctx, dispatcher, caller.actor, async (transaction) => {
    const current = await getWebhook(transaction, caller, name)
    checkPrecondition(name, current.resourceVersion, precondition)
    await deleteRow(transaction, current.id)
    return { webhook: current, event: { type: 'webhook.deleted', details: detailsOf(current) } }
  })
}

/** Throws `conflict` where a repository has more than its share; administrators of all repositories decide over all places. */
async function checkShare(db: Reader, caller: Caller, { repository }: WebhookFilter): Promise<void> {
  if (repository === undefined || managesWebhook(caller, { filter: {} })) return
  const all = await listRows(db, { limit: MOST })
  if (all.filter(({ filter }) => filter.repository === repository).length < MOST_OF_REPOSITORY) return
  throw new AppError(
    'conflict',
    `there are ${MOST_OF_REPOSITORY} webhooks of ${repository} already, which is the limit: delete one first`,
  )
}

/** Disables the webhooks of one repository, for those who administer a later one of its name to decide about. */
export async function disableWebhooksOf(
  ctx: ServiceContext,
  transaction: Transaction,
  actor: Actor,
  repository: string,
): Promise<void> {
  for (const webhook of await enabledWebhooks(transaction)) {
    if (webhook.filter.repository !== repository) continue
    await disableWebhook(transaction, webhook, ctx.now())
    const reason = `the repository ${repository} was deleted`
    await audit(ctx, transaction, actor, { type: 'webhook.disabled', target: { name: webhook.name }, reason })
  }
}

function mergeFilter(base: WebhookFilter, patch: WebhookPatch['filter']): WebhookFilter {
  const given = Object.entries(patch ?? {}).filter(([, value]) => value !== undefined)
  const merged = { ...(patch === null ? {} : base), ...Object.fromEntries(given) }
  return Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== null))
}

/** Of its URL only the host, as the rest may be secret. */
function detailsOf({ url, enabled }: Webhook): AuditDetails {
  return { host: new URL(url).host, enabled }
}

/** Changes webhooks in a transaction, after routing earlier changes to the webhooks as they were. */
async function changed(
  ctx: ServiceContext,
  dispatcher: WebhookDispatcher,
  actor: Actor,
  change: (transaction: Transaction) => Promise<{ webhook: Webhook; event: AuditEvent }>,
): Promise<Webhook> {
  const result = await ctx.commits.run(async (transaction) => {
    await routeAll(transaction, ctx.now())
    const { webhook, event } = await change(transaction)
    await audit(ctx, transaction, actor, { ...event, target: { name: webhook.name } })
    return webhook
  })
  await dispatcher.refresh(result.id)
  return result
}
