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
    'URL that events are sent to by POST. Redirects are not followed. A setting of the server limits which addresses are allowed; by default it includes private addresses, but not the machine of the server.',
  example: 'http://webhook-receiver.flux-system.svc/hook/bed6d00b5555b1603e1f59b94d7fdbca58089cb5',
})

const secret = freeText.min(16).max(256).openapi({
  description:
    'Key of the signature in `X-Signature: sha256=<HMAC-SHA256 of the body, in hex>`, as `generic-hmac` receivers of Flux verify it, and in `X-Pkgserver-Signature`, which is the same. The secret is never returned.',
  example: 'a-long-and-secret-text',
})

const events = z
  .array(z.enum(CHANGE_EVENTS))
  .min(1)
  .max(CHANGE_EVENTS.length)
  .openapi({
    description:
      'Events to send. `updated` is a change of a revision that does not change its state in the lifecycle.',
    example: ['published'],
  })

const filter = z
  .strictObject({
    repository: repositoryName.optional(),
    package: packagePath.optional(),
    lifecycle: z.enum(LIFECYCLES).optional().openapi({
      description: 'State in the lifecycle after the event; for a deleted revision, its last state.',
      example: 'Draft',
    }),
    labelSelector: z
      .string()
      .max(4096)
      .optional()
      .openapi({ description: 'Label selector, as in lists.', example: 'env=prod' }),
  })
  .openapi({
    description: 'Conditions that a revision must meet, all of them, for its events to be sent.',
    example: { repository: 'blueprints' },
  })

const filterPatch = z
  .strictObject({
    repository: filter.shape.repository.nullable(),
    package: filter.shape.package.nullable(),
    lifecycle: filter.shape.lifecycle.nullable(),
    labelSelector: filter.shape.labelSelector.nullable(),
  })
  .openapi({
    description: 'Conditions to change; null removes a condition, or, instead of the object, all.',
    example: { repository: null },
  })

const enabled = z.boolean().openapi({
  description:
    'If false, no events are sent. Events that happen meanwhile are lost; deliveries that were pending wait.',
  example: true,
})

export const webhookSchema = z
  .strictObject({
    name: webhookName,
    url,
    events,
    filter,
    enabled,
    createdBy: actor('Creator of the webhook.'),
    createdAt: timestamp('Time of creation.'),
    updatedAt: timestamp('Time of the last change.'),
    resourceVersion,
  })
  .openapi('Webhook', { description: 'A receiver of events about package revisions.' })

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
  .openapi('WebhookPatch', {
    description: 'A JSON merge patch (RFC 7396): omitted fields keep their values.',
  })

export const webhookListSchema = listOf(webhookSchema, 'WebhookList')

export const deliveryState = z.enum(DELIVERY_STATES).openapi({
  description: 'State of the delivery: Pending until a 2xx response, GivenUp after a day without one.',
  example: 'Delivered',
})

export const deliverySchema = z
  .strictObject({
    id: z.string().openapi({
      description: 'Number of the delivery. Each attempt sends the same in `X-Pkgserver-Delivery`.',
      example: '17',
    }),
    event: z
      .enum(WEBHOOK_EVENTS)
      .openapi({ description: 'The event, as sent in `X-Pkgserver-Event`.', example: 'published' }),
    revision: z.string().nullable().openapi({
      description: 'Name of the package revision; null for a ping.',
      example: 'blueprints.nf.upf.ws1',
    }),
    resourceVersion: z
      .string()
      .nullable()
      .openapi({ description: 'resourceVersion of the revision after the event.', example: '42' }),
    state: deliveryState,
    attempts: z.int().openapi({ description: 'Number of attempts.', example: 1 }),
    statusCode: z
      .int()
      .nullable()
      .openapi({ description: 'Status of the last response; null if there was none.', example: 200 }),
    error: z
      .string()
      .nullable()
      .openapi({ description: 'Why there was no response.', example: 'no answer within 10 s' }),
    duration: z
      .int()
      .nullable()
      .openapi({ description: 'Duration of the last attempt in milliseconds.', example: 12 }),
    createdAt: timestamp('Time of the event.'),
    nextAttempt: timestamp('Time of the next attempt; null unless the delivery is pending.').nullable(),
  })
  .openapi('Delivery', { description: 'An event for a webhook, and the state of its delivery.' })

export const deliveryListSchema = listOf(deliverySchema, 'DeliveryList')

export function toWebhookView({ id, ...webhook }: Webhook): z.output<typeof webhookSchema> {
  return { ...webhook, events: [...webhook.events] }
}

export function toDeliveryView(delivery: Delivery): z.output<typeof deliverySchema> {
  return { ...delivery, id: String(delivery.id) }
}
