import { z } from '@hono/zod-openapi'
import { LIFECYCLES } from '../../../domain/lifecycle.ts'
import {
  CHANGE_EVENTS,
  DELIVERY_STATES,
  type Delivery,
  WEBHOOK_EVENTS,
  type Webhook,
} from '../../../domain/webhook.ts'
import {
  actor,
  freeText,
  listOf,
  packagePath,
  repositoryName,
  resourceVersion,
  timestamp,
  webhookName,
} from './common.ts'

const url = z.string().max(2048).openapi({
  description:
    'Where the events are sent, by POST. A redirect is not followed. Where it may lead is a setting of the server: to private addresses, but not to its own machine.',
  example: 'http://webhook-receiver.flux-system.svc/hook/bed6d00b5555b1603e1f59b94d7fdbca58089cb5',
})

const secret = freeText.min(16).max(256).openapi({
  description:
    'Key of the signature: `X-Signature: sha256=<HMAC-SHA256 of the body, in hex>`, as the `generic-hmac` receivers of Flux check it; `X-Pkgserver-Signature` is the same. Nobody is shown it.',
  example: 'a-long-and-secret-text',
})

const events = z
  .array(z.enum(CHANGE_EVENTS))
  .min(1)
  .max(CHANGE_EVENTS.length)
  .openapi({
    description:
      'What it is told of. `updated` is any change of a revision that leaves it in its state of the lifecycle.',
    example: ['published'],
  })

const filter = z
  .strictObject({
    repository: repositoryName.optional(),
    package: packagePath.optional(),
    lifecycle: z
      .enum(LIFECYCLES)
      .optional()
      .openapi({ description: 'State since the event; of a deleted revision the last.', example: 'Draft' }),
    labelSelector: z
      .string()
      .max(4096)
      .optional()
      .openapi({ description: 'Labels, as in lists.', example: 'env=prod' }),
  })
  .openapi({
    description: 'Which revisions it is about: those that have all of it.',
    example: { repository: 'blueprints' },
  })

const filterPatch = z
  .strictObject({
    repository: filter.shape.repository.nullable(),
    package: filter.shape.package.nullable(),
    lifecycle: filter.shape.lifecycle.nullable(),
    labelSelector: filter.shape.labelSelector.nullable(),
  })
  .openapi({ description: 'null takes a condition out, or all.', example: { repository: null } })

const enabled = z.boolean().openapi({
  description:
    'Whether it is told. What happens while it is not is never told; what has happened before waits.',
  example: true,
})

export const webhookSchema = z
  .strictObject({
    name: webhookName,
    url,
    events,
    filter,
    enabled,
    createdBy: actor('Who created it.'),
    createdAt: timestamp('When it was created.'),
    updatedAt: timestamp('When it last changed.'),
    resourceVersion,
  })
  .openapi('Webhook', { description: 'Somebody who is told what happens to package revisions.' })

export const newWebhookSchema = z
  .strictObject({
    name: webhookName,
    url,
    secret,
    events: events.default(['published']),
    filter: filter.default({}),
    enabled: enabled.default(true),
  })
  .openapi('NewWebhook')

export const webhookPatchSchema = z
  .strictObject({
    url: url.optional(),
    secret: secret.optional(),
    events: events.optional(),
    filter: filterPatch.nullable().optional(),
    enabled: enabled.optional(),
  })
  .openapi('WebhookPatch', { description: 'A JSON merge patch (RFC 7396): what is left out stays.' })

export const webhookListSchema = listOf(webhookSchema, 'WebhookList')

export const deliveryState = z.enum(DELIVERY_STATES).openapi({
  description: 'Pending until it is answered with 2xx, or given up after a day.',
  example: 'Delivered',
})

export const deliverySchema = z
  .strictObject({
    id: z.string().openapi({
      description: 'Number of the delivery: the same in each attempt, as `X-Pkgserver-Delivery`.',
      example: '17',
    }),
    event: z
      .enum(WEBHOOK_EVENTS)
      .openapi({ description: 'What it tells, as `X-Pkgserver-Event`.', example: 'published' }),
    revision: z.string().nullable().openapi({
      description: 'Name of the package revision; null for a ping.',
      example: 'blueprints.nf.upf.ws1',
    }),
    resourceVersion: z
      .string()
      .nullable()
      .openapi({ description: 'Of the revision, since the event.', example: '42' }),
    state: deliveryState,
    attempts: z.int().openapi({ description: 'How often it was sent.', example: 1 }),
    statusCode: z
      .int()
      .nullable()
      .openapi({ description: 'Status of the last answer; null where there was none.', example: 200 }),
    error: z
      .string()
      .nullable()
      .openapi({ description: 'Why there was no answer.', example: 'no answer within 10 s' }),
    duration: z
      .int()
      .nullable()
      .openapi({ description: 'Milliseconds that the last attempt took.', example: 12 }),
    createdAt: timestamp('When it happened.'),
    nextAttempt: timestamp('When it is sent next; null unless it is pending.').nullable(),
  })
  .openapi('Delivery', { description: 'An event that a webhook is told, or was.' })

export const deliveryListSchema = listOf(deliverySchema, 'DeliveryList')

export function toWebhookView({ id, ...webhook }: Webhook): z.output<typeof webhookSchema> {
  return { ...webhook, events: [...webhook.events] }
}

export function toDeliveryView(delivery: Delivery): z.output<typeof deliverySchema> {
  return { ...delivery, id: String(delivery.id) }
}
