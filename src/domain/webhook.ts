/** Webhooks: subscriptions to events of package revisions, and their deliveries. */
import type { RevisionChange } from './change.ts'
import type { Lifecycle } from './lifecycle.ts'
import type { PackageRevision } from './package-revision.ts'

/** The events that a webhook can subscribe to. */
export const CHANGE_EVENTS = [
  'drafted',
  'updated',
  'proposed',
  'rejected',
  'published',
  'deletion-proposed',
  'deletion-rejected',
  'deleted',
] as const
export type ChangeEvent = (typeof CHANGE_EVENTS)[number]

/** `ping` is sent on request, to test the receiver. */
export const WEBHOOK_EVENTS = [...CHANGE_EVENTS, 'ping'] as const
export type WebhookEvent = (typeof WEBHOOK_EVENTS)[number]

export const DELIVERY_STATES = ['Pending', 'Delivered', 'GivenUp'] as const
export type DeliveryState = (typeof DELIVERY_STATES)[number]

/** Selects the revisions that match every given field. */
export type WebhookFilter = {
  repository?: string | undefined
  package?: string | undefined
  /** The state after the event; of a deleted revision, its last one. */
  lifecycle?: Lifecycle | undefined
  labelSelector?: string | undefined
}

export type WebhookContent = {
  name: string
  url: string
  events: readonly ChangeEvent[]
  filter: WebhookFilter
  enabled: boolean
}

export type Webhook = WebhookContent & {
  id: number
  createdBy: string
  createdAt: string
  updatedAt: string
  resourceVersion: string
}

export type Delivery = {
  id: number
  event: WebhookEvent
  /** The name of the revision; null for a ping. */
  revision: string | null
  resourceVersion: string | null
  state: DeliveryState
  attempts: number
  /** The last attempt: the HTTP status, or the error without a response, and the duration in milliseconds. */
  statusCode: number | null
  error: string | null
  duration: number | null
  createdAt: string
  nextAttempt: string | null
}

/** A delivery with everything that its next attempt needs. */
export type DueDelivery = Delivery & {
  webhook: { id: number; name: string; url: string; secret: string; filter: WebhookFilter }
  content: PackageRevision | null
  giveUpAt: string
}

const TRANSITIONS: Partial<Record<`${Lifecycle} ${Lifecycle}`, ChangeEvent>> = {
  'Draft Proposed': 'proposed',
  'Proposed Draft': 'rejected',
  'Proposed Published': 'published',
  'Published DeletionProposed': 'deletion-proposed',
  'DeletionProposed Published': 'deletion-rejected',
}

/** Returns the event of a change; undefined for a side effect of a change to another revision. */
export function changeEvent({ type, revision, was }: RevisionChange): ChangeEvent | undefined {
  if (type === 'added') return revision.lifecycle === 'Draft' ? 'drafted' : 'published'
  if (type === 'deleted') return 'deleted'
  const transition = was.lifecycle && TRANSITIONS[`${was.lifecycle} ${revision.lifecycle}`]
  return transition ?? (was.updatedAt === undefined ? undefined : 'updated')
}
