import { OpenAPIHono, z } from '@hono/zod-openapi'
import { actorOf } from '../../../http/access.ts'
import { everything } from '../../../http/scope.ts'
import { listDeliveries, ping, redeliver } from '../../../service/webhooks/deliveries.ts'
import {
  createWebhook,
  deleteWebhook,
  getWebhook,
  listWebhooks,
  updateWebhook,
} from '../../../service/webhooks/webhooks.ts'
import { type DeclaredOperation, defineRoute } from '../../route.ts'
import type { Api } from '../api.ts'
import { jsonOf } from '../body.ts'
import { isNotModified, requiredPrecondition, setETag } from '../conditional.ts'
import { noQuery, pageQuery, splitQuery, webhookName } from '../schemas/common.ts'
import { ifMatch, ifNoneMatch, json, jsonBody, mergePatchBody } from '../schemas/exchange.ts'
import { writeErrors } from '../schemas/problem.ts'
import { changed, created, deleted, found, listed } from '../schemas/responses.ts'
import {
  deliveryListSchema,
  deliverySchema,
  deliveryState,
  newWebhookSchema,
  toDeliveryView,
  toWebhookView,
  webhookListSchema,
  webhookPatchSchema,
  webhookSchema,
} from '../schemas/webhook.ts'

const tags = ['Webhooks']
const params = z.strictObject({ name: webhookName })
const deliveryParams = z.strictObject({
  name: webhookName,
  id: z.string().openapi({ description: 'Number of the delivery.', example: '17' }),
})

/** The events of a webhook may be about any package. */
const READS: DeclaredOperation = { needs: { push: everything }, load: 'list', writesDisk: false }
const WRITES: DeclaredOperation = { needs: { push: everything }, load: 'write', writesDisk: true }

const create = defineRoute({
  method: 'post',
  path: '/webhooks',
  operationId: 'createWebhook',
  operation: WRITES,
  summary: 'Create a webhook',
  description:
    'Events from now on are sent to it, each at least once, in no particular order: a POST with `{"delivery", "event", "webhook", "createdAt", "attempt", "sentAt", "packageRevision"}`, signed with the secret. The delivery succeeds with a 2xx response within 10 seconds. Otherwise it is retried for a day, after 5 seconds at first, and twice as long each time, up to an hour. A receiver that answers 429 or 503 with `Retry-After` gets no requests until then. One that answers 410 is gone: the webhook is disabled, until it is enabled again.',
  tags,
  request: { query: noQuery, body: jsonBody(newWebhookSchema) },
  responses: created(webhookSchema, 409, 415),
})

const list = defineRoute({
  method: 'get',
  path: '/webhooks',
  operationId: 'listWebhooks',
  operation: READS,
  summary: 'List webhooks',
  description: 'Sorted by name.',
  tags,
  request: { query: z.strictObject(pageQuery) },
  responses: listed(webhookListSchema, 'webhooks'),
})

const get = defineRoute({
  method: 'get',
  path: '/webhooks/{name}',
  operationId: 'getWebhook',
  operation: READS,
  summary: 'Get a webhook',
  tags,
  request: { params, query: noQuery, headers: ifNoneMatch },
  responses: found(webhookSchema, 'The webhook.'),
})

const update = defineRoute({
  method: 'patch',
  path: '/webhooks/{name}',
  operationId: 'updateWebhook',
  operation: WRITES,
  summary: 'Update a webhook',
  tags,
  request: {
    params,
    query: noQuery,
    headers: ifMatch,
    body: mergePatchBody(webhookPatchSchema, 'WebhookPatch'),
  },
  responses: changed(webhookSchema, 'Updated.', 412, 415, 428),
})

const remove = defineRoute({
  method: 'delete',
  path: '/webhooks/{name}',
  operationId: 'deleteWebhook',
  operation: { ...WRITES, writesDisk: false },
  summary: 'Delete a webhook',
  description: 'Deletes the log of its deliveries too. Pending deliveries are not sent any more.',
  tags,
  request: { params, query: noQuery, headers: ifMatch },
  responses: deleted(),
})

const deliveries = defineRoute({
  method: 'get',
  path: '/webhooks/{name}/deliveries',
  operationId: 'listDeliveries',
  operation: READS,
  summary: 'List the deliveries of a webhook',
  description: 'The newest first. Finished deliveries are kept for 7 days, at most 1000 of them.',
  tags,
  request: { params, query: z.strictObject({ state: deliveryState.optional(), ...pageQuery }) },
  responses: listed(deliveryListSchema, 'deliveries', 404),
})

const again = defineRoute({
  method: 'post',
  path: '/webhooks/{name}/deliveries/{id}/redeliver',
  operationId: 'redeliver',
  operation: WRITES,
  summary: 'Send a delivery again',
  description: 'A pending delivery is sent immediately.',
  tags,
  request: { params: deliveryParams, query: noQuery },
  responses: { 202: json(deliverySchema, 'The delivery is being sent.'), ...writeErrors(404, 409) },
})

const tryOut = defineRoute({
  method: 'post',
  path: '/webhooks/{name}/ping',
  operationId: 'pingWebhook',
  operation: WRITES,
  summary: 'Test a webhook',
  description: 'Sends it a `ping` event, in which packageRevision is null.',
  tags,
  request: { params, query: noQuery },
  responses: { 202: json(deliverySchema, 'The ping is being sent.'), ...writeErrors(404, 409) },
})

export function webhookRoutes({ ctx, webhooks }: Api): OpenAPIHono {
  const app = new OpenAPIHono()

  app.openapi(create, async (c) => {
    const webhook = await createWebhook(ctx, webhooks, actorOf(c), c.req.valid('json'))
    c.header('Location', `${c.req.path}/${webhook.name}`)
    setETag(c, webhook)
    return c.json(toWebhookView(webhook), 201)
  })

  app.openapi(list, async (c) => {
    const page = await listWebhooks(ctx, c.req.valid('query'))
    return c.json({ ...page, items: page.items.map(toWebhookView) }, 200)
  })

  app.openapi(get, async (c) => {
    const webhook = await getWebhook(ctx.db, c.req.valid('param').name)
    if (isNotModified(c, webhook)) return c.body(null, 304)
    return c.json(toWebhookView(webhook), 200)
  })

  app.openapi(update, async (c) => {
    const { name } = c.req.valid('param')
    const patch = jsonOf(c, webhookPatchSchema)
    const webhook = await updateWebhook(ctx, webhooks, actorOf(c), name, patch, requiredPrecondition(c))
    setETag(c, webhook)
    return c.json(toWebhookView(webhook), 200)
  })

  app.openapi(remove, async (c) => {
    await deleteWebhook(ctx, webhooks, actorOf(c), c.req.valid('param').name, requiredPrecondition(c))
    return c.body(null, 204)
  })

  app.openapi(deliveries, async (c) => {
    const { filter, page } = splitQuery(c.req.valid('query'))
    const result = await listDeliveries(ctx, c.req.valid('param').name, filter, page)
    return c.json({ ...result, items: result.items.map(toDeliveryView) }, 200)
  })

  app.openapi(again, async (c) => {
    const { name, id } = c.req.valid('param')
    return c.json(toDeliveryView(await redeliver(ctx, webhooks, actorOf(c), name, id)), 202)
  })

  app.openapi(tryOut, async (c) =>
    c.json(toDeliveryView(await ping(ctx, webhooks, actorOf(c), c.req.valid('param').name)), 202),
  )

  return app
}
