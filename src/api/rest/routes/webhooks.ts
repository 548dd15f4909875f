import { OpenAPIHono, z } from '@hono/zod-openapi'
import { actorOf } from '../../../http/access.ts'
import { etag } from '../../../http/etag.ts'
import { everything } from '../../../http/scope.ts'
import { listDeliveries, ping, redeliver } from '../../../service/webhooks/deliveries.ts'
import {
  createWebhook,
  deleteWebhook,
  getWebhook,
  listWebhooks,
  updateWebhook,
} from '../../../service/webhooks/webhooks.ts'
import { defineRoute } from '../../route.ts'
import type { Api } from '../api.ts'
import { jsonOf } from '../body.ts'
import { isNotModified, requiredPrecondition } from '../conditional.ts'
import { continueToken, limit, noQuery, webhookName } from '../schemas/common.ts'
import {
  deleted,
  ifMatch,
  ifNoneMatch,
  json,
  jsonBody,
  mergePatchBody,
  notModified,
} from '../schemas/exchange.ts'
import { readErrors, writeErrors } from '../schemas/problem.ts'
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

const create = defineRoute({
  method: 'post',
  path: '/webhooks',
  operationId: 'createWebhook',
  operation: { needs: { push: everything }, load: 'write', writesDisk: true },
  summary: 'Create a webhook',
  description:
    'What happens from now on is told to it, each event at least once, in no particular order: a POST with `{"delivery", "event", "webhook", "createdAt", "attempt", "sentAt", "packageRevision"}`, signed with the secret. An answer with 2xx within 10 seconds ends it; otherwise it is sent again after 5 seconds, twice as long each time up to an hour, for a day.',
  tags,
  request: { query: noQuery, body: jsonBody(newWebhookSchema) },
  responses: { 201: json(webhookSchema, 'Created.', 'ETag', 'Location'), ...writeErrors(409, 415) },
})

const list = defineRoute({
  method: 'get',
  path: '/webhooks',
  operationId: 'listWebhooks',
  operation: { needs: { push: everything }, load: 'none', writesDisk: false },
  summary: 'List webhooks',
  description: 'In the order of their names.',
  tags,
  request: { query: z.strictObject({ limit, continue: continueToken }) },
  responses: { 200: json(webhookListSchema, 'A page of webhooks.'), ...readErrors() },
})

const get = defineRoute({
  method: 'get',
  path: '/webhooks/{name}',
  operationId: 'getWebhook',
  operation: { needs: { push: everything }, load: 'none', writesDisk: false },
  summary: 'Get a webhook',
  tags,
  request: { params, query: noQuery, headers: ifNoneMatch },
  responses: { 200: json(webhookSchema, 'The webhook.', 'ETag'), 304: notModified, ...readErrors(404) },
})

const update = defineRoute({
  method: 'patch',
  path: '/webhooks/{name}',
  operationId: 'updateWebhook',
  operation: { needs: { push: everything }, load: 'write', writesDisk: true },
  summary: 'Change a webhook',
  tags,
  request: {
    params,
    query: noQuery,
    headers: ifMatch,
    body: mergePatchBody(webhookPatchSchema, 'WebhookPatch'),
  },
  responses: { 200: json(webhookSchema, 'Changed.', 'ETag'), ...writeErrors(404, 412, 415, 428) },
})

const remove = defineRoute({
  method: 'delete',
  path: '/webhooks/{name}',
  operationId: 'deleteWebhook',
  operation: { needs: { push: everything }, load: 'write', writesDisk: false },
  summary: 'Delete a webhook',
  description: 'With the log of its deliveries. What it has not been told yet it is not told.',
  tags,
  request: { params, query: noQuery, headers: ifMatch },
  responses: { 204: deleted, ...writeErrors(404, 412, 428) },
})

const deliveries = defineRoute({
  method: 'get',
  path: '/webhooks/{name}/deliveries',
  operationId: 'listDeliveries',
  operation: { needs: { push: everything }, load: 'none', writesDisk: false },
  summary: 'List the deliveries of a webhook',
  description: 'The newest first. Those that have ended are kept for 7 days, and the last 1000 of them.',
  tags,
  request: {
    params,
    query: z.strictObject({ state: deliveryState.optional(), limit, continue: continueToken }),
  },
  responses: { 200: json(deliveryListSchema, 'A page of deliveries.'), ...readErrors(404) },
})

const again = defineRoute({
  method: 'post',
  path: '/webhooks/{name}/deliveries/{id}/redeliver',
  operationId: 'redeliver',
  operation: { needs: { push: everything }, load: 'write', writesDisk: true },
  summary: 'Send a delivery again',
  description: 'Or at once, where it waits for its next attempt.',
  tags,
  request: { params: deliveryParams, query: noQuery },
  responses: { 202: json(deliverySchema, 'It is being sent.'), ...writeErrors(404, 409) },
})

const tryOut = defineRoute({
  method: 'post',
  path: '/webhooks/{name}/ping',
  operationId: 'pingWebhook',
  operation: { needs: { push: everything }, load: 'write', writesDisk: true },
  summary: 'Try a webhook out',
  description: 'Sends it the event `ping`, with null as packageRevision.',
  tags,
  request: { params, query: noQuery },
  responses: { 202: json(deliverySchema, 'It is being sent.'), ...writeErrors(404, 409) },
})

export function webhookRoutes({ ctx, webhooks }: Api): OpenAPIHono {
  const app = new OpenAPIHono()

  app.openapi(create, async (c) => {
    const webhook = await createWebhook(ctx, webhooks, actorOf(c), c.req.valid('json'))
    c.header('Location', `${c.req.path}/${webhook.name}`)
    c.header('ETag', etag(webhook.resourceVersion))
    return c.json(toWebhookView(webhook), 201)
  })

  app.openapi(list, async (c) => {
    const page = await listWebhooks(ctx, c.req.valid('query'))
    return c.json({ ...page, items: page.items.map(toWebhookView) }, 200)
  })

  app.openapi(get, async (c) => {
    const webhook = await getWebhook(ctx.db, c.req.valid('param').name)
    c.header('ETag', etag(webhook.resourceVersion))
    if (isNotModified(c, webhook.resourceVersion)) return c.body(null, 304)
    return c.json(toWebhookView(webhook), 200)
  })

  app.openapi(update, async (c) => {
    const { name } = c.req.valid('param')
    const patch = jsonOf(c, webhookPatchSchema)
    const webhook = await updateWebhook(ctx, webhooks, name, patch, requiredPrecondition(c))
    c.header('ETag', etag(webhook.resourceVersion))
    return c.json(toWebhookView(webhook), 200)
  })

  app.openapi(remove, async (c) => {
    await deleteWebhook(ctx, webhooks, c.req.valid('param').name, requiredPrecondition(c))
    return c.body(null, 204)
  })

  app.openapi(deliveries, async (c) => {
    const { state, ...request } = c.req.valid('query')
    const page = await listDeliveries(ctx, c.req.valid('param').name, { state }, request)
    return c.json({ ...page, items: page.items.map(toDeliveryView) }, 200)
  })

  app.openapi(again, async (c) => {
    const { name, id } = c.req.valid('param')
    return c.json(toDeliveryView(await redeliver(ctx, webhooks, name, id)), 202)
  })

  app.openapi(tryOut, async (c) =>
    c.json(toDeliveryView(await ping(ctx, webhooks, c.req.valid('param').name)), 202),
  )

  return app
}
